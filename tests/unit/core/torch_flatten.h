// Leaves of a TorchValue by their path, as scripts/reference/torch_files.py writes them.
#pragma once
#include <map>
#include <string>

#include "core/torch_file/torch_file.h"

namespace sana_test {

using Leaves = std::map<std::string, sana::TorchValue>;

// Adds everything in `value` that is no list or dict ("optimizer.state.0.step"); empty ones are
// leaves.
inline void flatten(const sana::TorchValue& value, const std::string& path, Leaves& leaves) {
  const auto below = [&](const std::string& name) {
    return path.empty() ? name : path + "." + name;
  };
  const auto* dict = std::get_if<sana::TorchValue::Dict>(&value.value);
  const auto* list = std::get_if<sana::TorchValue::List>(&value.value);
  if (dict != nullptr && !dict->empty()) {
    for (const auto& [key, item] : *dict) flatten(item, below(key), leaves);
  } else if (list != nullptr && !list->empty()) {
    for (size_t i = 0; i < list->size(); ++i) flatten((*list)[i], below(std::to_string(i)), leaves);
  } else {
    leaves[path] = value;
  }
}

inline Leaves leaves_of(const sana::TorchValue& value) {
  Leaves leaves;
  flatten(value, "", leaves);
  return leaves;
}

}  // namespace sana_test
