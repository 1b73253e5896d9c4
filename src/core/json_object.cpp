#include "core/json_object.h"

#include "core/error.h"
#include "core/json_text.h"

namespace sana {

JsonObject::JsonObject(const nlohmann::json& json, std::string where)
    : json_(json), where_(std::move(where)) {
  require(json.is_object(), "{}: this is {}, expected a JSON object", where_, json_text(json));
}

bool JsonObject::is_small_integer(const nlohmann::json& value) {
  if (value.is_number_unsigned()) return value.get<uint64_t>() <= uint64_t{INT32_MAX};
  if (!value.is_number_integer()) return false;
  const auto number = value.get<int64_t>();
  return number >= INT32_MIN && number <= INT32_MAX;
}

int64_t JsonObject::integer(const std::string& key, Range range) const {
  const std::string expected =
      fmt::format("an integer from {} to {}", range.smallest, range.largest);
  if (!holds<int64_t>(key)) refuse(key, expected);
  const auto value = json_.at(key).get<int64_t>();
  if (value < range.smallest || value > range.largest) refuse(key, expected);
  return value;
}

namespace {

bool is_within(const nlohmann::json& value, JsonObject::Range range) {
  if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX}) return false;
  if (!value.is_number_integer()) return false;
  const auto number = value.get<int64_t>();
  return number >= range.smallest && number <= range.largest;
}

}  // namespace

int64_t JsonObject::long_integer(const std::string& key, Range range) const {
  if (!has(key) || !is_within(json_.at(key), range)) {
    refuse(key, fmt::format("an integer from {} to {}", range.smallest, range.largest));
  }
  return json_.at(key).get<int64_t>();
}

std::vector<int64_t> JsonObject::long_integers(const std::string& key, Range range) const {
  std::vector<int64_t> numbers;
  bool is_right = has(key) && json_.at(key).is_array();
  if (is_right) {
    for (const nlohmann::json& value : json_.at(key)) {
      is_right = is_right && is_within(value, range);
      if (is_right) numbers.push_back(value.get<int64_t>());
    }
  }
  if (!is_right) {
    refuse(key, fmt::format("a list of integers from {} to {}", range.smallest, range.largest));
  }
  return numbers;
}

double JsonObject::number(const std::string& key, double smallest, double largest) const {
  const bool is_number = holds<double>(key);
  const double value = is_number ? json_.at(key).get<double>() : 0;
  if (!(is_number && value >= smallest && value <= largest)) {
    refuse(key, fmt::format("a number from {:g} to {:g}", smallest, largest));
  }
  return value;
}

std::optional<int64_t> JsonObject::optional_integer(const std::string& key, Range range) const {
  if (!has(key) || is_null(key)) return std::nullopt;
  return integer(key, range);
}

double JsonObject::positive(const std::string& key) const {
  const bool is_positive = holds<double>(key) && json_.at(key).get<double>() > 0.0;
  if (!is_positive) refuse(key, "a number above 0");
  return json_.at(key).get<double>();
}

std::optional<double> JsonObject::optional_positive(const std::string& key) const {
  if (!has(key) || is_null(key)) return std::nullopt;
  return positive(key);
}

std::optional<JsonObject> JsonObject::object(const std::string& key) const {
  if (!has(key) || is_null(key)) return std::nullopt;
  return JsonObject(json_.at(key), fmt::format("{}: '{}'", where_, key));
}

void JsonObject::require_only(const std::string& key, const nlohmann::json& computed,
                              const nlohmann::json& fallback) const {
  const bool is_given = has(key) && !is_null(key);
  const nlohmann::json& value = is_given ? json_.at(key) : fallback;
  require(value == computed, "{}: '{}' is {}{}, only {} is computed here", where_, key,
          json_text(value), is_given ? "" : " where it is left out", json_text(computed));
}

void JsonObject::refuse(const std::string& key, const std::string& expected) const {
  require(has(key), "{}: key '{}' is missing, expected {}", where_, key, expected);
  throw UserError(
      fmt::format("{}: '{}' is {}, expected {}", where_, key, json_text(json_.at(key)), expected));
}

}  // namespace sana
