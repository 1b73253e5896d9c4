// One value of a public configuration file.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "core/error.h"
#include "core/json_type.h"

namespace sana {

// json[key] as T. Throws UserError naming `where` (the file) when the key is missing or of another
// type.
template <class T>
T value_of(const nlohmann::json& json, const char* key, const std::string& where) {
  const auto found = json.find(key);
  require(found != json.end(), "{}: key '{}' is missing", where, key);
  require(holds<T>(*found), "{}: key '{}' has an unexpected value: {}", where, key,
          found->dump().substr(0, 200));
  return found->template get<T>();
}

// The same for a key that may be missing.
template <class T>
T value_or(const nlohmann::json& json, const char* key, const T& fallback,
           const std::string& where) {
  return json.contains(key) ? value_of<T>(json, key, where) : fallback;
}

}  // namespace sana
