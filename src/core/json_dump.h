// JSON as text, whatever the strings in it hold.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace sana {

// dump() throws where a string is not UTF-8, and strings come from outside: names of files,
// messages of libraries. Their wrong bytes become U+FFFD here; names that must come back whole are
// written by path_as_text() (text.h). `indent` -1: one line.
template <class Json>
std::string dump_json(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sana
