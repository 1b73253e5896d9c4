// What a field may be; shared by Reader and Writer.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sana::config {

class Problems;

// Stands for any binder where only the presence of bind() is asked.
struct AnyBinder {
  template <class... Args>
  void field(Args&&...) {}
  template <class... Args>
  void required(Args&&...) {}
  template <class... Args>
  void elsewhere(Args&&...) {}
};

template <class T>
concept Section = requires(T& value, AnyBinder& binder) {
  value.bind(binder);
};

template <class T>
concept Validated = requires(const T& value, Problems& problems) {
  value.validate(problems);
};

template <class T>
concept Scalar = std::is_same_v<T, bool> || std::is_same_v<T, int64_t> ||
    std::is_same_v<T, double> || std::is_same_v<T, std::string>;

template <class T>
struct ListTraits {
  static constexpr bool is_list = false, is_optional = false;
  using Item = T;
};
template <class T>
struct ListTraits<std::vector<T>> {
  static constexpr bool is_list = true, is_optional = false;
  using Item = T;
};
template <class T>
struct ListTraits<std::optional<T>> {
  static constexpr bool is_list = false, is_optional = true;
  using Item = T;
};

template <class T>
concept SectionList = ListTraits<T>::is_list && Section<typename ListTraits<T>::Item>;
template <class T>
concept ScalarList = ListTraits<T>::is_list && Scalar<typename ListTraits<T>::Item>;
template <class T>
concept OptionalScalar = ListTraits<T>::is_optional && Scalar<typename ListTraits<T>::Item>;

template <class T>
concept Field = Section<T> || SectionList<T> || Scalar<T> || ScalarList<T> || OptionalScalar<T>;

}  // namespace sana::config
