// Our tokenizer against the ids of the public one (scripts/reference/minilm.py).
#include "model/text_encoder/tokenizer/wordpiece_tokenizer.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoints/text_encoder_source.h"
#include "core/error.h"
#include "core/json_file.h"
#include "model/text_encoder/minilm/minilm.h"
#include "model/text_encoder/tokenizer/text_normalizer.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {

namespace fs = std::filesystem;
using sana::model::WordPieceTokenizer;

const WordPieceTokenizer& real_tokenizer() {
  static const WordPieceTokenizer tokenizer(sana::checkpoints::minilm_folder({}) / "vocab.txt");
  return tokenizer;
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

const std::string kSmallVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nrun\n##ning\n##n\n!\n";

}  // namespace

TEST_CASE("every stored text gives the ids of the public tokenizer", "[text]") {
  const auto file = sana::read_json_file(fs::path(SANA_TEST_DATA) / "wordpiece_cases.json");
  const auto max_tokens = file.at("max_tokens").get<int64_t>();
  REQUIRE(file.at("cases").size() > 100);
  for (const auto& item : file.at("cases")) {
    const std::string text = item.contains("hex") ? from_hex(item.at("hex").get<std::string>())
                                                  : item.at("text").get<std::string>();
    INFO(item.dump());
    CHECK(real_tokenizer().encode(text, max_tokens) == item.at("ids").get<std::vector<int64_t>>());
  }
}

TEST_CASE("a long text is cut and still ends in [SEP]", "[text]") {
  const std::vector<int64_t> whole = real_tokenizer().encode("one two three four", 64);
  REQUIRE(whole.size() == 6);
  CHECK(real_tokenizer().encode("one two three four", 6) == whole);
  const std::vector<int64_t> cut = real_tokenizer().encode("one two three four", 5);
  CHECK(cut == std::vector<int64_t>{whole[0], whole[1], whole[2], whole[3], whole[5]});
  CHECK(real_tokenizer().encode("one two three four", 2) ==
        std::vector<int64_t>{whole[0], whole[5]});
}

TEST_CASE("pieces are the longest that the vocabulary knows", "[text]") {
  const sana_test::TemporaryDirectory folder;
  const WordPieceTokenizer tokenizer(folder.file("vocab.txt", kSmallVocabulary));
  CHECK(tokenizer.vocabulary_size() == 9);
  CHECK(tokenizer.encode("Running!", 16) == std::vector<int64_t>{2, 5, 6, 8, 3});
  CHECK(tokenizer.encode("runn", 16) == std::vector<int64_t>{2, 5, 7, 3});
  // One piece that does not fit makes the whole word unknown.
  CHECK(tokenizer.encode("runningx", 16) == std::vector<int64_t>{2, 1, 3});
}

TEST_CASE("a vocabulary with Windows line ends reads the same", "[text]") {
  const sana_test::TemporaryDirectory folder;
  std::string text;
  for (const char c : kSmallVocabulary) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const WordPieceTokenizer tokenizer(folder.file("vocab.txt", text));
  CHECK(tokenizer.encode("running!", 16) == std::vector<int64_t>{2, 5, 6, 8, 3});
}

TEST_CASE("a damaged vocabulary is refused with file and reason", "[text]") {
  const sana_test::TemporaryDirectory folder;
  const auto message = [&](const std::string& text) {
    const fs::path path = folder.file("vocab.txt", text);
    return sana_test::message_of<sana::UserError>([&] { WordPieceTokenizer{path}; });
  };
  CHECK_THAT(message("[PAD]\n[UNK]\n[CLS]\n"), sana_test::ContainsSubstring("[SEP] is missing"));
  CHECK_THAT(message(kSmallVocabulary + "run\n"), sana_test::ContainsSubstring("vocab.txt:10"));
  CHECK_THROWS_AS(WordPieceTokenizer(folder / "none.txt"), sana::UserError);
}

// Catch cannot print char32_t strings, hence the double parentheses.
TEST_CASE("malformed bytes become one replacement character each and are dropped", "[text]") {
  CHECK((sana::model::decode_utf8("a\xC3\xA9\xF0\x9F\xA6\x8A") == U"a\u00E9\U0001F98A"));
  CHECK((sana::model::decode_utf8("\xED\xA0\x80") == U"\uFFFD\uFFFD\uFFFD"));  // a surrogate
  CHECK((sana::model::decode_utf8("\xC0\xAF") == U"\uFFFD\uFFFD"));            // overlong
  CHECK((sana::model::decode_utf8("\xE2\x82x") == U"\uFFFD\uFFFDx"));          // cut off
  CHECK((sana::model::split_words(U"a\uFFFDb") == std::vector<std::u32string>{U"ab"}));
}

TEST_CASE("UTF-8 survives decoding and encoding", "[text]") {
  for (const std::u32string text : {U"\u007F\u0080\u07FF\u0800\uFFFF", U"\U00010000\U0010FFFF"}) {
    CHECK((sana::model::decode_utf8(sana::model::encode_utf8(text)) == text));
  }
}
