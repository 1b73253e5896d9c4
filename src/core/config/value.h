// A YAML document as plain data, each value with the place it came from. Nothing outside this
// folder needs it.
#pragma once
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sana::config {

// Where a key was given. The order is that of the messages.
struct Origin {
  enum class Place { kFile, kBase, kCommandLine, kNowhere };
  Place place = Place::kNowhere;
  std::string file;  // as named by the user; kFile and kBase only
  int line = 0;      // from 1
};

struct Entry;

struct Value {
  enum class Kind { kNull, kScalar, kList, kMap };
  Kind kind = Kind::kNull;
  std::string text;     // of a scalar
  bool quoted = false;  // a scalar in quotes is text, never a number
  std::vector<Value> items;
  std::vector<Entry> entries;  // in file order; a key given twice stands here twice
  Origin origin;

  // The last entry of that name, or null. Null for anything but a map.
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
};

struct Entry {
  std::string key;
  Value value;
};

// A syntax error, before file and line are put together with it.
struct SyntaxError : std::runtime_error {
  SyntaxError(int line, const std::string& message) : std::runtime_error(message), line(line) {}
  int line;
};

// Parses YAML text; lines are counted from 1. Throws SyntaxError: broken YAML, several documents,
// keys that are not words, endless nesting through aliases.
Value parse_yaml(const std::string& text, const Origin& origin);

// Lays `over` upon `under`: maps merge key by key, everything else is replaced.
void merge(Value& under, const Value& over);

// Conversions to the types of fields. Return a complaint ("cannot read 'ten' as an integer") or
// nothing, and then have set `out`.
std::optional<std::string> convert(const Value& value, bool& out);
std::optional<std::string> convert(const Value& value, int64_t& out);
std::optional<std::string> convert(const Value& value, double& out);
std::optional<std::string> convert(const Value& value, std::string& out);

// Complaint when a value is not a list.
std::optional<std::string> expect_list(const Value& value);

}  // namespace sana::config
