#include "checkpoints/public/unwrap.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <variant>

#include "core/error.h"

namespace sana::checkpoints {
namespace {

constexpr int kMaxDepth = 4;

const TorchValue::Dict* as_dict(const TorchValue& value) {
  return std::get_if<TorchValue::Dict>(&value.value);
}

const TorchValue* find(const TorchValue::Dict& dict, const std::string& key) {
  for (const auto& [name, value] : dict) {
    if (name == key) return &value;
  }
  return nullptr;
}

// The wrapper of this dictionary, or nothing when it holds the tensors itself.
std::optional<std::string> wrapper_in(const TorchValue::Dict& dict, const UnwrapOptions& options) {
  const std::string first = options.prefers_ema ? "generator_ema" : "generator";
  const std::string second = options.prefers_ema ? "generator" : "generator_ema";
  for (const std::string& key : {std::string("model_state_dict"), std::string("state_dict"), first,
                                 second, std::string("model"), std::string("module")}) {
    const TorchValue* value = find(dict, key);
    const TorchValue::Dict* inner = value == nullptr ? nullptr : as_dict(*value);
    if (inner != nullptr && !inner->empty()) return key;
  }
  return std::nullopt;
}

void note_beside(UnwrappedState& state, const std::string& key, const TorchValue& value) {
  const int64_t* number = std::get_if<int64_t>(&value.value);
  const bool is_step = key == "step" || key == "global_step";
  if (number != nullptr && is_step) {
    state.step = *number;
  } else if (number != nullptr && key == "epoch") {
    state.epoch = *number;
  } else {
    state.unread.push_back(key);
  }
}

void take_tensors(UnwrappedState& state, const TorchValue::Dict& dict, const std::string& where) {
  for (const auto& [key, value] : dict) {
    const at::Tensor* tensor = std::get_if<at::Tensor>(&value.value);
    if (tensor == nullptr) {
      note_beside(state, key, value);
    } else {
      state.tensors.push_back(lazy_tensor(key, *tensor));
    }
  }
  state.tensors = without_wrapper_names(std::move(state.tensors), where);
}

}  // namespace

std::string strip_wrapper_names(const std::string& name) {
  constexpr std::array<std::string_view, 5> kWrappers = {"model", "module", "_fsdp_wrapped_module",
                                                         "_orig_mod", "_checkpoint_wrapped_module"};
  std::string result;
  size_t begin = 0;
  while (begin <= name.size()) {
    const size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view part = std::string_view(name).substr(begin, end - begin);
    if (std::find(kWrappers.begin(), kWrappers.end(), part) == kWrappers.end()) {
      result += result.empty() ? "" : ".";
      result += part;
    }
    begin = end + 1;
  }
  return result;
}

TensorList without_wrapper_names(TensorList tensors, const std::string& where) {
  std::map<std::string, std::string> given;  // by the name that is left
  for (LazyTensor& tensor : tensors) {
    std::string name = strip_wrapper_names(tensor.name);
    const auto [other, is_new] = given.emplace(name, tensor.name);
    require(is_new,
            "{}: two tensors are named '{}' once the names of wrappers are taken off: '{}' and "
            "'{}'",
            where, name, other->second, tensor.name);
    tensor.name = std::move(name);
  }
  return tensors;
}

UnwrappedState unwrap_state_dict(const TorchValue& root, const std::string& where,
                                 const UnwrapOptions& options) {
  UnwrappedState state;
  const TorchValue::Dict* dict = as_dict(root);
  require(dict != nullptr, "{} holds no dictionary of tensors", where);
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const auto wrapper = wrapper_in(*dict, options);
    if (!wrapper) break;
    for (const auto& [key, value] : *dict) {
      if (key != *wrapper) note_beside(state, key, value);
    }
    state.wrapper += state.wrapper.empty() ? *wrapper : "." + *wrapper;
    dict = as_dict(*find(*dict, *wrapper));
  }
  take_tensors(state, *dict, where);
  require(!state.tensors.empty(), "{} holds no tensor{}", where,
          state.wrapper.empty() ? "" : " in '" + state.wrapper + "'");
  return state;
}

}  // namespace sana::checkpoints
