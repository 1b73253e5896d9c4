// The bytes of a pickle, front to back.
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/error.h"

namespace sana::pickle {

class Stream {
 public:
  explicit Stream(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  size_t remaining() const { return rest_.size(); }

  // The next bytes, in place. Throws UserError when there are fewer.
  std::string_view take(uint64_t count) {
    require(count <= rest_.size(), "its pickle is truncated: {} more bytes should follow, {} do",
            count, rest_.size());
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  // A little-endian number.
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  // Up to the next newline, which is skipped.
  std::string_view line() {
    const size_t end = rest_.find('\n');
    require(end != std::string_view::npos, "its pickle is truncated in a name");
    const std::string_view taken = take(end);
    take(1);
    return taken;
  }

 private:
  std::string_view rest_;
};

}  // namespace sana::pickle
