// Value checks attached to configuration fields.
#pragma once
#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sana::config {

// A check returns a complaint ("must be at least 0, got -1") or nothing, and can describe itself
// for the generated reference ("at least 0"). On a list a check holds for each item, on an optional
// for the value when there is one. Any callable of this kind serves; describe() may be left out.
template <class T>
concept Arithmetic = std::is_arithmetic_v<T>;

template <class T>
struct AtLeast {
  T bound;
  template <Arithmetic V>
  std::optional<std::string> operator()(const V& value) const {
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
  template <Arithmetic V>
  std::optional<std::string> operator()(const V& value) const {
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
