#include "core/json_object.h"

#include "core/error.h"
#include "core/json_text.h"
#include "support/catch.h"
#include "support/errors.h"

namespace {

using nlohmann::json;
using sana::JsonObject;
using sana_test::message_of;

// What reading one key of {"key": value} complains of.
template <class Read>
std::string complaint(const json& value, Read&& read) {
  const json object = {{"key", value}};
  return message_of<sana::UserError>([&] { read(JsonObject(object, "a/config.json")); });
}

template <class T>
std::string type_complaint(const json& value) {
  return complaint(value, [](const JsonObject& keys) { keys.required<T>("key"); });
}

}  // namespace

TEST_CASE("keys of a JSON object are read by their types", "[json]") {
  const json object = {{"flag", true},   {"text", "a"},    {"size", -3},
                       {"ratio", 2},     {"list", {1, 2}}, {"nested", {{1}, json::array()}},
                       {"none", nullptr}};
  const JsonObject keys(object, "c.json");
  CHECK(keys.required<bool>("flag"));
  CHECK(keys.required<std::string>("text") == "a");
  CHECK(keys.required<int64_t>("size") == -3);
  CHECK(keys.required<double>("ratio") == 2.0);
  CHECK(keys.required<std::vector<int64_t>>("list") == std::vector<int64_t>{1, 2});
  CHECK(keys.required<std::vector<std::vector<int64_t>>>("nested") ==
        std::vector<std::vector<int64_t>>{{1}, {}});
  CHECK(keys.holds<std::string>("text"));
  CHECK_FALSE(keys.holds<std::string>("size"));
  CHECK_FALSE(keys.holds<std::string>("absent"));
  CHECK(keys.where() == "c.json");
}

TEST_CASE("a value of another type is named with its file, key and what was expected", "[json]") {
  const std::string integer = ", expected an integer of 32 bits";
  for (const json& value : {json(4.5), json(true), json("4"), json(nullptr), json(1e300),
                            json(int64_t{1} << 31), json(UINT64_MAX), json(INT64_MIN)}) {
    CHECK(type_complaint<int64_t>(value) == "a/config.json: 'key' is " + value.dump() + integer);
  }
  CHECK(type_complaint<bool>(1) == "a/config.json: 'key' is 1, expected true or false");
  CHECK(type_complaint<std::string>({{"a", 1}}) ==
        "a/config.json: 'key' is an object, expected a text");
  CHECK(type_complaint<double>("2") == "a/config.json: 'key' is \"2\", expected a number");
  CHECK(type_complaint<std::vector<bool>>({0, 1}) ==
        "a/config.json: 'key' is [0,1], expected a list, each entry true or false");
  CHECK(message_of<sana::UserError>([] {
          const json empty = json::object();
          JsonObject(empty, "a/config.json").required<double>("key");
        }) == "a/config.json: key 'key' is missing, expected a number");
  CHECK(message_of<sana::UserError>([] {
          const json list = {1, 2};
          JsonObject(list, "a/config.json");
        }) == "a/config.json: this is [1,2], expected a JSON object");
}

TEST_CASE("a key may be absent, and null is told from absent where that matters", "[json]") {
  const json object = {{"none", nullptr}, {"size", 3}};
  const JsonObject keys(object, "c.json");
  CHECK(keys.value_or<int64_t>("absent", 7) == 7);
  CHECK(keys.value_or<int64_t>("size", 7) == 3);
  CHECK(message_of<sana::UserError>([&] { keys.value_or<int64_t>("none", 7); }) ==
        "c.json: 'none' is null, expected an integer of 32 bits");
  CHECK_FALSE(keys.optional<double>("absent").has_value());
  CHECK_FALSE(keys.optional<double>("none").has_value());
  CHECK(keys.optional<double>("size") == 3.0);
  CHECK(keys.is_null("none"));
  CHECK_FALSE(keys.is_null("absent"));
  CHECK_FALSE(keys.is_null("size"));
}

TEST_CASE("numbers of a JSON object are bounded", "[json]") {
  const auto size = [](const JsonObject& keys) { keys.integer("key", {1, 8}); };
  for (const json& value : {json(0), json(9), json(2.0), json(nullptr)}) {
    CHECK(complaint(value, size) ==
          "a/config.json: 'key' is " + value.dump() + ", expected an integer from 1 to 8");
  }
  const auto positive = [](const JsonObject& keys) { keys.positive("key"); };
  for (const json& value : {json(0), json(-1.5), json("1")}) {
    CHECK(complaint(value, positive) ==
          "a/config.json: 'key' is " + value.dump() + ", expected a number above 0");
  }
  const json object = {{"one", 1}, {"eight", 8}, {"none", nullptr}, {"small", 1e-6}};
  const JsonObject keys(object, "c.json");
  CHECK(keys.integer("one", {1, 8}) == 1);
  CHECK(keys.optional_integer("eight", {1, 8}) == 8);
  CHECK_FALSE(keys.optional_integer("none", {1, 8}).has_value());
  CHECK(keys.positive("small") == 1e-6);
  CHECK(keys.optional_positive("one") == 1.0);
  CHECK_FALSE(keys.optional_positive("absent").has_value());
}

TEST_CASE("what is not computed here is refused, also as the default of a key", "[json]") {
  const auto only = [](const json& computed) {
    return [computed](const JsonObject& keys) { keys.require_only("key", computed); };
  };
  CHECK(complaint("relu", only("gelu")) ==
        "a/config.json: 'key' is \"relu\", only \"gelu\" is computed here");
  CHECK(complaint({{"factor", 2}}, only(nullptr)) ==
        "a/config.json: 'key' is an object, only null is computed here");
  const json object = {{"order", 2}, {"none", nullptr}};
  const JsonObject keys(object, "c.json");
  CHECK_NOTHROW(keys.require_only("order", 2));
  CHECK_NOTHROW(keys.require_only("none", 2));
  CHECK_NOTHROW(keys.require_only("absent", 2));
  CHECK_NOTHROW(keys.require_only("order", 2, /*fallback=*/3));
  CHECK(message_of<sana::UserError>([&] { keys.require_only("absent", 2, /*fallback=*/3); }) ==
        "c.json: 'absent' is 3 where it is left out, only 2 is computed here");
}

TEST_CASE("an object in a JSON object says where it lies", "[json]") {
  const json object = {{"rope", {{"theta", "x"}}}, {"none", nullptr}, {"size", 3}};
  const JsonObject keys(object, "c.json");
  CHECK_FALSE(keys.object("absent").has_value());
  CHECK_FALSE(keys.object("none").has_value());
  CHECK(message_of<sana::UserError>([&] { keys.object("rope")->positive("theta"); }) ==
        "c.json: 'rope': 'theta' is \"x\", expected a number above 0");
  CHECK(message_of<sana::UserError>([&] { keys.object("size"); }) ==
        "c.json: 'size': this is 3, expected a JSON object");
}

TEST_CASE("a long or nested value does not fill a message", "[json]") {
  CHECK(sana::json_text({1, "a", nullptr}) == R"([1,"a",null])");
  CHECK(sana::json_text({1, {2}}) == "an array");
  CHECK(sana::json_text({{"a", 1}}) == "an object");
  std::string umlauts;
  for (int i = 0; i < 200; ++i) umlauts += "\u00e4";
  const std::string text = sana::json_text(umlauts);
  CHECK(text.size() <= 204);
  CHECK(text.ends_with("\u00e4..."));
}

TEST_CASE("counts of bytes may need 64 bits, and have a range", "[json]") {
  const json object = {{"bytes", int64_t{1} << 40}, {"all", {0, int64_t{1} << 40}}, {"share", 0.5}};
  const JsonObject keys(object, "c.json");
  CHECK(keys.long_integer("bytes", {0, INT64_MAX}) == int64_t{1} << 40);
  CHECK(keys.long_integers("all", {0, INT64_MAX}) == std::vector<int64_t>{0, int64_t{1} << 40});
  CHECK(keys.number("share", 0, 1) == 0.5);
  const auto read = [](const JsonObject& one) { one.long_integer("key", {0, 100}); };
  for (const json& value : {json(-1), json(101), json(UINT64_MAX), json(1.0), json("1"), json()}) {
    CHECK(complaint(value, read) ==
          "a/config.json: 'key' is " + value.dump() + ", expected an integer from 0 to 100");
  }
  const auto read_all = [](const JsonObject& one) { one.long_integers("key", {0, 100}); };
  for (const json& value : {json({1, 101}), json({UINT64_MAX}), json({0.5}), json(1), json()}) {
    CHECK(complaint(value, read_all) == "a/config.json: 'key' is " + value.dump() +
                                            ", expected a list of integers from 0 to 100");
  }
  const auto read_number = [](const JsonObject& one) { one.number("key", 0, 1); };
  for (const json& value : {json(-0.1), json(1e300), json("1"), json()}) {
    CHECK(sana_test::contains(complaint(value, read_number), "expected a number from 0 to 1"));
  }
}
