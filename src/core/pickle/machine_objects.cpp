// What the pickle interpreter makes of classes, functions and persistent ids. Nothing is called:
// each kind of global has its meaning here.
#include "core/error.h"
#include "core/pickle/machine.h"

namespace sana::pickle {
namespace {

constexpr size_t kMaxDimensions = 64;  // of PyTorch's own kernels

template <class T>
T get(const Value& value, const char* what) {
  const T* found = std::get_if<T>(&value);
  require(found != nullptr, "its pickle is malformed: {} is {}", what, kind_of(value));
  return *found;
}

const std::vector<Value>& tuple_items(const Value& value, const char* what) {
  const Sequence* sequence = get<Sequence*>(value, what);
  require(sequence->is_tuple, "its pickle is malformed: {} is a list instead of a tuple", what);
  return sequence->items;
}

std::vector<int64_t> integers(const Value& value, const char* what) {
  const std::vector<Value>& items = tuple_items(value, what);
  require(items.size() <= kMaxDimensions, "a tensor has {} dimensions", items.size());
  std::vector<int64_t> result;
  for (const Value& item : items) result.push_back(get<int64_t>(item, what));
  return result;
}

// Hooks and the marks of conjugate or negative views: torch.save leaves them out or empty.
void require_empty(const Value& value, const char* what) {
  if (std::holds_alternative<std::monostate>(value)) return;
  require(get<Dict*>(value, what)->items.empty(), "a tensor with {} is not supported", what);
}

}  // namespace

bool Machine::use_object(Op op) {
  switch (op) {
    case Op::kGlobal: {
      const std::string_view module = stream_.line();
      push(&find_global(module, stream_.line()));
      return true;
    }
    case Op::kStackGlobal: {
      const auto name = get<std::string_view>(pop(), "the name of a class");
      push(&find_global(get<std::string_view>(pop(), "the module of a class"), name));
      return true;
    }
    case Op::kReduce: {
      const Value arguments = pop();
      const Value callable = pop();
      push(reduce(callable, arguments));
      return true;
    }
    case Op::kBuild: {
      const Value attributes = pop();
      ignore_attributes(top(), attributes);
      return true;
    }
    case Op::kPersistentId:
      push(persistent_storage(pop()));
      return true;
    default:
      return false;
  }
}

Value Machine::reduce(const Value& callable, const Value& arguments) {
  const Global& function = *get<const Global*>(callable, "what it calls");
  const std::vector<Value>& items = tuple_items(arguments, "a list of arguments");
  switch (function.kind) {
    case GlobalKind::kOrderedDict:
      require(items.empty(), "its pickle is malformed: an OrderedDict has {} arguments",
              items.size());
      return new_dict(/*is_ordered=*/true);
    case GlobalKind::kSize:
      require(items.size() == 1, "its pickle is malformed: a torch.Size has {} arguments",
              items.size());
      integers(items[0], "a torch.Size");
      return items[0];
    case GlobalKind::kRebuildParameter:
      require(items.size() == 3, "its pickle is malformed: a parameter has {} arguments",
              items.size());
      require_empty(items[2], "hooks");
      return get<const TensorView*>(items[0], "a parameter's data");
    case GlobalKind::kRebuildTensor:
    case GlobalKind::kRebuildTypedTensor:
      return rebuild_tensor(function, items);
    default:
      refuse(fmt::format("'{}.{}'", function.module, function.name));
  }
}

// (storage, offset, sizes, strides, requires_grad, hooks[, dtype][, metadata])
Value Machine::rebuild_tensor(const Global& function, const std::vector<Value>& arguments) {
  const bool is_typed = function.kind == GlobalKind::kRebuildTypedTensor;
  const size_t least = is_typed ? 7 : 6;
  require(arguments.size() == least || arguments.size() == least + 1,
          "its pickle is malformed: {} has {} arguments", function.name, arguments.size());
  TensorView view;
  view.storage = get<const Storage*>(arguments[0], "a tensor's storage");
  view.offset = get<int64_t>(arguments[1], "a tensor's offset");
  view.sizes = integers(arguments[2], "a tensor's sizes");
  view.strides = integers(arguments[3], "a tensor's strides");
  require(view.sizes.size() == view.strides.size(), "a tensor has {} sizes, but {} strides",
          view.sizes.size(), view.strides.size());
  get<bool>(arguments[4], "a tensor's requires_grad");
  require_empty(arguments[5], "hooks");
  std::optional<at::ScalarType> dtype = view.storage->dtype;
  if (is_typed) {
    const Global& global = *get<const Global*>(arguments[6], "a tensor's dtype");
    require(global.kind == GlobalKind::kDtype, "its pickle is malformed: a tensor's dtype is {}",
            global.name);
    dtype = global.dtype;
  }
  require(dtype.has_value(), "its pickle is malformed: a tensor has no dtype");
  view.dtype = *dtype;
  if (arguments.size() > least) require_empty(arguments[least], "metadata");
  return &std::as_const(arena_.tensors.emplace_back(std::move(view)));
}

// ("storage", class, key, device, numel). All tensors are read to the CPU, whatever the device.
Value Machine::persistent_storage(const Value& id) {
  const std::vector<Value>& items = tuple_items(id, "a persistent id");
  require(items.size() == 5 && get<std::string_view>(items[0], "a persistent id") == "storage",
          "its pickle is malformed: a persistent id is not that of a storage");
  const Global& global = *get<const Global*>(items[1], "the class of a storage");
  require(global.kind == GlobalKind::kStorage, "its pickle is malformed: a storage is a '{}'",
          global.name);
  Storage storage;
  storage.dtype = global.dtype;
  storage.key = get<std::string_view>(items[2], "the key of a storage");
  get<std::string_view>(items[3], "the device of a storage");
  storage.numel = get<int64_t>(items[4], "the size of a storage");
  require(storage.numel >= 0, "storage '{}' has {} elements", storage.key, storage.numel);
  return &std::as_const(arena_.storages.emplace_back(storage));
}

// State dicts carry `_metadata` (versions of the modules) as an attribute of their OrderedDict.
void Machine::ignore_attributes(const Value& object, const Value& attributes) {
  const auto* dict = std::get_if<Dict*>(&object);
  if (dict == nullptr || !(*dict)->is_ordered) {
    refuse(fmt::format("{} with attributes", kind_of(object)));
  }
  get<Dict*>(attributes, "the attributes of an OrderedDict");
}

}  // namespace sana::pickle
