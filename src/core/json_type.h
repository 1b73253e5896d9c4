// Which JSON values are what a configuration key wants.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>
#include <vector>

namespace sana {

// Stricter than json.get<T>(), which makes 1 of true, and anything at all of 1e300: integers are
// written as such and fit into 32 bits, as sizes whose products fit into 64 do.
template <class T>
bool holds(const nlohmann::json& json) {
  if constexpr (std::is_same_v<T, bool>) {
    return json.is_boolean();
  } else if constexpr (std::is_same_v<T, std::string>) {
    return json.is_string();
  } else if constexpr (std::is_floating_point_v<T>) {
    return json.is_number();
  } else if constexpr (std::is_integral_v<T>) {
    if (json.is_number_unsigned()) return json.get<uint64_t>() <= uint64_t{INT32_MAX};
    if (!json.is_number_integer()) return false;
    const auto value = json.get<int64_t>();
    return value >= INT32_MIN && value <= INT32_MAX;
  } else {
    if (!json.is_array()) return false;
    for (const nlohmann::json& item : json) {
      if (!holds<typename T::value_type>(item)) return false;
    }
    return true;
  }
}

}  // namespace sana
