// The keys of a JSON object that another program wrote, such as the config.json of a public model.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sana {

// Reads keys by their type T: bool, std::string, double, int64_t, or a vector of one of these (also
// of vectors). Stricter than json.get<T>(), which makes 1 of true and anything at all of 1e300:
// integers are written as such and fit into 32 bits, as sizes whose products fit into 64 do.
// Everything throws UserError that names `where`, the key, what is there and what was expected.
class JsonObject {
 public:
  // `where` names the file; `json` must live as long as this. Throws when it is no object.
  JsonObject(const nlohmann::json& json, std::string where);
  JsonObject(nlohmann::json&& json, std::string where) = delete;

  const std::string& where() const { return where_; }
  const nlohmann::json& json() const { return json_; }
  bool has(const std::string& key) const { return json_.contains(key); }
  bool is_null(const std::string& key) const { return has(key) && json_.at(key).is_null(); }
  // Whether the key is there with a value of this type.
  template <class T>
  bool holds(const std::string& key) const {
    return has(key) && is<T>(json_.at(key));
  }

  template <class T>
  T required(const std::string& key) const {
    if (!holds<T>(key)) refuse(key, name_of<T>());
    return json_.at(key).get<T>();
  }
  // `fallback` when the key is absent; a null is a value of another type.
  template <class T>
  T value_or(const std::string& key, T fallback) const {
    return has(key) ? required<T>(key) : std::move(fallback);
  }
  // Nothing when the key is absent or null.
  template <class T>
  std::optional<T> optional(const std::string& key) const {
    if (!has(key) || is_null(key)) return std::nullopt;
    return required<T>(key);
  }

  // Integers from `smallest` to `largest`.
  struct Range {
    int64_t smallest, largest;
  };
  int64_t integer(const std::string& key, Range range) const;
  std::optional<int64_t> optional_integer(const std::string& key, Range range) const;
  // The same of counts of bytes, which may need 64 bits, and of a list of such.
  int64_t long_integer(const std::string& key, Range range) const;
  std::vector<int64_t> long_integers(const std::string& key, Range range) const;
  // Numbers from `smallest` to `largest`.
  double number(const std::string& key, double smallest, double largest) const;
  // Numbers above 0.
  double positive(const std::string& key) const;
  std::optional<double> optional_positive(const std::string& key) const;

  // An object in this one; nothing when the key is absent or null.
  std::optional<JsonObject> object(const std::string& key) const;

  // Throws unless the value is `computed`, the only one that this program computes. An absent key
  // or a null stands for `fallback`, what the public class takes then; without it, for `computed`.
  void require_only(const std::string& key, const nlohmann::json& computed,
                    const nlohmann::json& fallback) const;
  void require_only(const std::string& key, const nlohmann::json& computed) const {
    require_only(key, computed, computed);
  }

  // Throws that the key is missing, or its value not what was `expected`.
  [[noreturn]] void refuse(const std::string& key, const std::string& expected) const;

 private:
  static bool is_small_integer(const nlohmann::json& value);

  template <class T>
  static bool is(const nlohmann::json& value) {
    if constexpr (std::is_same_v<T, bool>) {
      return value.is_boolean();
    } else if constexpr (std::is_same_v<T, std::string>) {
      return value.is_string();
    } else if constexpr (std::is_same_v<T, double>) {
      return value.is_number();
    } else if constexpr (std::is_same_v<T, int64_t>) {
      return is_small_integer(value);
    } else {
      if (!value.is_array()) return false;
      for (const nlohmann::json& entry : value) {
        if (!is<typename T::value_type>(entry)) return false;
      }
      return true;
    }
  }

  template <class T>
  static std::string name_of() {
    if constexpr (std::is_same_v<T, bool>) {
      return "true or false";
    } else if constexpr (std::is_same_v<T, std::string>) {
      return "a text";
    } else if constexpr (std::is_same_v<T, double>) {
      return "a number";
    } else if constexpr (std::is_same_v<T, int64_t>) {
      return "an integer of 32 bits";
    } else {
      return std::string("a list, each entry ").append(name_of<typename T::value_type>());
    }
  }

  const nlohmann::json& json_;
  std::string where_;
};

}  // namespace sana
