// A JSON value in an error message.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace sana {

// The value itself, a list of plain values included, cut off after 200 bytes. Other lists and
// objects are "an array" and "an object": those may be nested more deeply than a recursive print
// survives.
std::string json_text(const nlohmann::json& value);

}  // namespace sana
