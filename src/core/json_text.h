// A JSON value in an error message.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace sana {

// The value itself, or "an array" and "an object": those may be long, and nested more deeply than a
// recursive print survives.
inline std::string json_text(const nlohmann::json& value) {
  if (value.is_structured()) return value.is_array() ? "an array" : "an object";
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace sana
