// A configuration as JSON, from the same bind() that reads YAML. JSON is YAML, so config::load
// reads it back with the same checks.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sana::config {

class JsonBinder {
 public:
  template <class T, class... Checks>
  void field(const char* name, T& value, const char* /*help*/, Checks&&...) {
    json_[name] = convert(value);
  }
  template <class T, class... Checks>
  void required(const char* name, T& value, const char* help, Checks&&...) {
    field(name, value, help);
  }
  nlohmann::ordered_json take() { return std::move(json_); }

 private:
  template <class T>
  static nlohmann::ordered_json convert(T& value) {
    if constexpr (requires(JsonBinder & b) { value.bind(b); }) {
      JsonBinder nested;
      value.bind(nested);
      return nested.take();
    } else {
      return convert_value(value);
    }
  }
  template <class T>
  static nlohmann::ordered_json convert_value(std::optional<T>& value) {
    return value ? convert(*value) : nlohmann::ordered_json();
  }
  template <class T>
  static nlohmann::ordered_json convert_value(std::vector<T>& values) {
    auto list = nlohmann::ordered_json::array();
    for (T value : values) list.push_back(convert(value));
    return list;
  }
  template <class T>
  static nlohmann::ordered_json convert_value(T& value) {
    return value;
  }

  nlohmann::ordered_json json_ = nlohmann::ordered_json::object();
};

// {"field": value, "section": {...}, ...} in the order of bind().
template <class Config>
nlohmann::ordered_json to_json(Config config) {
  JsonBinder binder;
  config.bind(binder);
  return binder.take();
}

}  // namespace sana::config
