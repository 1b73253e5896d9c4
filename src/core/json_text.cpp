#include "core/json_text.h"

#include <algorithm>

#include "core/text.h"

namespace sana {
namespace {

constexpr size_t kMaxBytes = 200;

std::string cut_off(std::string text) {
  if (text.size() <= kMaxBytes) return text;
  size_t end = kMaxBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // within UTF-8
  text.resize(end);
  return text + "...";
}

}  // namespace

std::string json_text(const nlohmann::json& value) {
  if (value.is_object()) return "an object";
  const bool is_nested =
      value.is_array() &&
      std::any_of(value.begin(), value.end(), [](auto& entry) { return entry.is_structured(); });
  if (is_nested) return "an array";
  return cut_off(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

size_t json_depth(std::string_view text) {
  size_t depth = 0, deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

std::string json_reason(const nlohmann::json::exception& error) {
  const std::string text = error.what(), mark = "] ";
  const size_t end = text.starts_with('[') ? text.find(mark) : std::string::npos;
  return valid_utf8(end == std::string::npos ? text : text.substr(end + mark.size()));
}

}  // namespace sana
