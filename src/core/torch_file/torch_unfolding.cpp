#include "core/torch_file/torch_unfolding.h"

#include <algorithm>

#include "core/error.h"

namespace sana::detail {
namespace {

constexpr size_t kMaxDepth = 64;
// The copies may have this many bytes for each byte of the pickle: more than a pickle needs that
// refers to values as torch.save does.
constexpr size_t kBytesPerPickleByte = 64;
constexpr size_t kFreeBytes = 1 << 20;
// What LibTorch keeps beside a tensor's data.
constexpr size_t kTensorBytes = 512;

void require_unique_keys(const TorchValue::Dict& dict) {
  std::vector<std::string_view> keys;
  keys.reserve(dict.size());
  for (const auto& [key, unused] : dict) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice != keys.end()) throw UserError(fmt::format("a dict has the key '{}' twice", *twice));
}

}  // namespace

Unfolding::Unfolding(TorchStorages& storages, size_t pickle_bytes)
    : storages_(storages), budget_(kFreeBytes + kBytesPerPickleByte * pickle_bytes) {}

TorchValue Unfolding::root(const pickle::Value& value) {
  try {
    return unfold(value);
  } catch (const UserError& error) {
    if (path_.empty()) throw;
    std::string place = path_.front();
    for (size_t i = 1; i < path_.size(); ++i) place += "." + path_[i];
    throw UserError(fmt::format("at '{}': {}", place, error.what()));
  }
}

TorchValue Unfolding::unfold(const pickle::Value& value) {
  spend(sizeof(TorchValue));
  if (const auto* list = std::get_if<pickle::Sequence*>(&value)) return unfold_list(**list);
  if (const auto* dict = std::get_if<pickle::Dict*>(&value)) return unfold_dict(**dict);
  if (const auto* view = std::get_if<const pickle::TensorView*>(&value)) {
    spend(kTensorBytes);
    return {storages_.tensor(**view)};
  }
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    spend(text->size());
    return {std::string(*text)};
  }
  if (const auto* flag = std::get_if<bool>(&value)) return {*flag};
  if (const auto* integer = std::get_if<int64_t>(&value)) return {*integer};
  if (const auto* number = std::get_if<double>(&value)) return {*number};
  if (std::holds_alternative<std::monostate>(value)) return {};
  const auto* global = std::get_if<const pickle::Global*>(&value);
  pickle::refuse(global == nullptr ? pickle::kind_of(value)
                                   : fmt::format("'{}.{}'", (*global)->module, (*global)->name));
}

TorchValue Unfolding::unfold_list(const pickle::Sequence& sequence) {
  TorchValue::List list;
  for (size_t i = 0; i < sequence.items.size(); ++i) {
    enter(std::to_string(i));
    list.push_back(unfold(sequence.items[i]));
    path_.pop_back();
  }
  return {std::move(list)};
}

TorchValue Unfolding::unfold_dict(const pickle::Dict& dict) {
  TorchValue::Dict result;
  for (const auto& [key, value] : dict.items) {
    std::string name = text_of_key(key);
    enter(name);
    result.emplace_back(std::move(name), unfold(value));
    path_.pop_back();
  }
  require_unique_keys(result);
  return {std::move(result)};
}

std::string Unfolding::text_of_key(const pickle::Value& key) {
  spend(sizeof(std::string));
  if (const auto* integer = std::get_if<int64_t>(&key)) return std::to_string(*integer);
  const auto* text = std::get_if<std::string_view>(&key);
  if (text == nullptr) {
    throw UserError(
        fmt::format("a key of a dict is {}, expected a text or an integer", pickle::kind_of(key)));
  }
  spend(text->size());
  return std::string(*text);
}

// Not undone by exceptions, so that root() can tell where one came from.
void Unfolding::enter(std::string name) {
  require(path_.size() < kMaxDepth, "it is nested deeper than {} levels", kMaxDepth);
  path_.push_back(std::move(name));
}

void Unfolding::spend(size_t bytes) {
  require(bytes <= budget_, "its values refer to each other so often that they would fill memory");
  budget_ -= bytes;
}

}  // namespace sana::detail
