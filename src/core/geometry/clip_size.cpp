#include "core/geometry/clip_size.h"

#include <charconv>
#include <vector>

#include "core/error.h"

namespace sana {
namespace {

// Splits "a x b x c"; an empty list when a part is not a positive number.
std::vector<int64_t> parse_sides(const std::string& text) {
  std::vector<int64_t> sides;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    int64_t side = 0;
    const auto [next, error] = std::from_chars(at, end, side);
    if (error != std::errc() || side <= 0) return {};
    sides.push_back(side);
    if (next == end) return sides;
    if (*next != 'x') return {};
    at = next + 1;
  }
}

}  // namespace

std::string to_string(const ClipSize& size) {
  return fmt::format("{}x{}x{}", size.height, size.width, size.frames);
}

std::optional<ClipSize> try_parse_clip_size(const std::string& text) {
  const auto sides = parse_sides(text);
  if (sides.size() != 2 && sides.size() != 3) return std::nullopt;
  return ClipSize{sides[0], sides[1], sides.size() == 3 ? sides[2] : 0};
}

ClipSize parse_clip_size(const std::string& text) {
  const auto size = try_parse_clip_size(text);
  require(size.has_value(), "'{}' is not a size; expected height x width, such as 128x224", text);
  return *size;
}

}  // namespace sana
