#include "core/json_text.h"

#include <algorithm>

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

}  // namespace sana
