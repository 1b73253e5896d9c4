#include "core/text.h"

#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/json_dump.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {
using namespace sana;
using sana_test::contains;
using sana_test::message_of;

std::string refusal(const std::string& bytes) {
  return message_of<UserError>([&] { decode_text(bytes, "'a.txt'"); });
}

TEST_CASE("text is UTF-8 with or without a mark, or UTF-16 with one, with any line ends",
          "[text]") {
  const std::string text = "ca\xc3\xa9 \xf0\x9f\x98\x80\nb\n";
  CHECK(decode_text(text, "t") == text);
  CHECK(decode_text("\xef\xbb\xbf" + text, "t") == text);
  CHECK(decode_text("ca\xc3\xa9 \xf0\x9f\x98\x80\r\nb\r\n", "t") == text);
  const std::u16string wide = u"ca\u00e9 \U0001F600\r\nb\r\n";
  std::string little = "\xff\xfe", big = "\xfe\xff";
  for (const char16_t unit : wide) {
    little += {char(unit & 0xff), char(unit >> 8)};
    big += {char(unit >> 8), char(unit & 0xff)};
  }
  CHECK(decode_text(little, "t") == text);
  CHECK(decode_text(big, "t") == text);
  CHECK(decode_text("", "t").empty());
  CHECK(decode_text("\xff\xfe", "t").empty());
  CHECK(decode_text("a\rb", "t") == "a\rb");  // a lone carriage return is no line end
}

TEST_CASE("text in another encoding is refused with its place and the remedy", "[text]") {
  const std::string latin = refusal("plain\ncaf\xe9 au lait");
  CHECK(contains(latin, "'a.txt' is not UTF-8 (line 2, byte 9 is 0xE9)"));
  CHECK(contains(latin, "save it as UTF-8"));
  CHECK(contains(refusal(std::string("a\0b\0", 4)), "UTF-16 without a byte order mark"));
  CHECK(contains(refusal("\xff\xfe"
                         "abc"),
                 "cut off"));
  CHECK(contains(refusal(std::string("\xff\xfe\x00\xd8", 4)), "character pair"));
  // Overlong forms, surrogates and what lies above the last code point are no UTF-8.
  for (const char* bytes : {"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8",
                            "\xc3", "\x80", "\xe2\x82"}) {
    CHECK_FALSE(is_utf8(bytes));
  }
  CHECK(is_utf8("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xee\x80\x80"));
}

TEST_CASE("names come back from text as they were, and no two become one", "[text]") {
  std::set<std::string> texts;
  std::vector<std::string> names = {"plain.mp4",
                                    "caf\xc3\xa9.mp4",
                                    "\xef\xbf\xbd.mp4",
                                    "\xef\xbf\xbd"
                                    "E9",
                                    "a%20b",
                                    "\\",
                                    "\xff\xfe"};
  for (int byte = 1; byte < 256; ++byte) {
    names.push_back(std::string("caf") + char(byte) + ".mp4");
    names.push_back(std::string("\xef\xbf") + char(byte));
  }
  std::set<std::string> distinct(names.begin(), names.end());
  for (const std::string& name : distinct) {
    const std::string text = name_as_text(name);
    CHECK(is_utf8(text));
    CHECK(name_from_text(text) == name);
    texts.insert(text);
  }
  CHECK(texts.size() == distinct.size());
  CHECK(name_as_text("caf\xe9.mp4") ==
        "caf\xef\xbf\xbd"
        "E9.mp4");
  CHECK(name_as_text("caf\xc3\xa9 %E9.mp4") == "caf\xc3\xa9 %E9.mp4");
}

TEST_CASE("endings are compared in lower case, whatever else a name holds", "[text]") {
  CHECK(sana::lower_ending("a/B.MP4") == ".mp4");
  CHECK(sana::lower_ending("a.b/README").empty());
  CHECK(sana::lower_ending(".hidden").empty());
  CHECK(sana::lower_case("\xc3\x84 CAF\xe9 Z[") == "\xc3\x84 caf\xe9 z[");
}

TEST_CASE("JSON is written whatever bytes its strings hold", "[text]") {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += char(byte);
  const nlohmann::json json = {{bytes, {bytes, 1}}};
  const std::string text = dump_json(json);
  CHECK(is_utf8(text));
  CHECK(nlohmann::json::parse(text).size() == 1);
  CHECK(valid_utf8(bytes).size() == 128 + 128 * 3);
}

}  // namespace
