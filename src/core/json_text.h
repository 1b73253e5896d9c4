// JSON in error messages.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace sana {

// The value itself, a list of plain values included, cut off after 200 bytes. Other lists and
// objects are "an array" and "an object": those may be nested more deeply than a recursive print
// survives.
std::string json_text(const nlohmann::json& value);

// Copying and printing a JSON value recurse, so that the depth of what comes from outside must be
// bounded.
inline constexpr size_t kMaxJsonDepth = 100;
// Deepest nesting of brackets outside of strings, whether or not they match.
size_t json_depth(std::string_view text);

// What the library says is wrong, without its own mark in front ("[json.exception.parse_error.101]
// "), and as UTF-8 whatever the text was.
std::string json_reason(const nlohmann::json::exception& error);

}  // namespace sana
