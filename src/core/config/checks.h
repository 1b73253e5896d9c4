// Value checks attached to configuration fields.
#pragma once
#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <optional>
#include <string>
#include <vector>

namespace sana::config {

// A check returns a complaint ("must be at least 0, got -1") or nothing, and can describe itself for
// the generated reference ("at least 0").
template <class T>
struct AtLeast {
  T bound;
  std::optional<std::string> operator()(const T& value) const {
    if (value >= bound) return std::nullopt;
    return fmt::format("must be at least {}, got {}", bound, value);
  }
  std::string describe() const { return fmt::format("at least {}", bound); }
};
template <class T>
AtLeast<T> at_least(T bound) {
  return {bound};
}

template <class T>
struct Between {
  T low, high;
  std::optional<std::string> operator()(const T& value) const {
    if (value >= low && value <= high) return std::nullopt;
    return fmt::format("must be between {} and {}, got {}", low, high, value);
  }
  std::string describe() const { return fmt::format("{} to {}", low, high); }
};
template <class T>
Between<T> between(T low, T high) {
  return {low, high};
}

struct OneOf {
  std::vector<std::string> choices;
  std::optional<std::string> operator()(const std::string& value) const;
  std::string describe() const;
};
inline OneOf one_of(std::vector<std::string> choices) { return {std::move(choices)}; }

}  // namespace sana::config
