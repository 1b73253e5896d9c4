// Both forms of Gemma-like tokenizers against the public ones
// (scripts/reference/gemma2_tokenizer.py).
#include "model/text_encoder/tokenizer/text_tokenizer.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/json_file.h"
#include "model/text_encoder/tokenizer/json_tokenizer.h"
#include "model/text_encoder/tokenizer/sentencepiece_tokenizer.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/packed_file.h"
#include "support/skip.h"
#include "support/temporary_directory.h"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using sana::model::JsonTokenizer;
using sana::model::open_text_tokenizer;
using sana::model::SentencePieceTokenizer;
using Ids = std::vector<int64_t>;

fs::path tokenizer_file(const std::string& name) {
  return fs::path(SANA_TEST_DATA) / "tokenizer" / name;
}

// A tokenizer file; one that is stored as <name>.gz is unpacked into `folder`.
fs::path unpacked(const sana_test::TemporaryDirectory& folder, const std::string& name) {
  if (fs::exists(tokenizer_file(name))) return tokenizer_file(name);
  return folder.file(name, sana_test::read_packed(tokenizer_file(name)));
}

std::string case_text(const json& item) {
  if (item.contains("text")) return item.at("text").get<std::string>();
  const auto hex = item.at("hex").get<std::string>();
  std::string bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

// Compares every case that has ids under `key`.
void check_cases(const std::string& file, const std::string& key) {
  const sana_test::TemporaryDirectory folder;
  const auto tokenizer = open_text_tokenizer(unpacked(folder, file));
  size_t count = 0;
  for (const json& item : sana::read_json_file(tokenizer_file("cases.json"))) {
    if (!item.contains(key)) continue;
    ++count;
    INFO(item.dump());
    CHECK(tokenizer->encode(case_text(item)) == item.at(key).get<Ids>());
  }
  CHECK(count > 100);
}

// A vocabulary small enough to follow: "▁" is the space.
json small_json() {
  return json::parse(R"({
    "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
    "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious"},
    "added_tokens": [{"id": 1, "content": "<bos>", "normalized": false, "special": true}],
    "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": false,
      "vocab": {"<unk>": 0, "<bos>": 1, "a": 2, "b": 3, "▁": 4, "ab": 5, "▁a": 6, "aba": 7},
      "merges": ["a b", ["▁", "a"], ["ab", "a"]]}})");
}

Ids small_ids(const json& description, const std::string& text) {
  return JsonTokenizer(description, "small").encode(text);
}

std::string json_complaint(const std::function<void(json&)>& change) {
  json description = small_json();
  change(description);
  return sana_test::message_of<sana::UserError>([&] { JsonTokenizer(description, "t.json"); });
}

std::string model_complaint(const std::string& bytes) {
  return sana_test::message_of<sana::UserError>([&] { SentencePieceTokenizer(bytes, "t.model"); });
}

// Vectors of the public test-suite for Gemma's own vocabulary.
const std::vector<std::pair<std::string, Ids>> kGemmaVectors = {
    {"This is a test", {2, 1596, 603, 476, 2121}},
    {"A sample test", {2, 235280, 6453, 2121}},
    {"Hello this is a test", {2, 4521, 736, 603, 476, 2121}},
    {"The quick brown fox jumps over the lazy dog.",
     {2, 651, 4320, 8426, 25341, 36271, 1163, 573, 27894, 5929, 235265}},
    {"The quick brown fox jumped.", {2, 651, 4320, 8426, 25341, 32292, 235265}},
    {"a photo of a cat", {2, 235250, 2686, 576, 476, 4401}},
    {"dog", {2, 12240}},
    {"生活的真谛是", {2, 122182, 235710, 245467, 235427}},
    {"Hi  Hello", {2, 2151, 139, 4521}},
    {"Hi   Hello", {2, 2151, 140, 4521}},
    {"", {2}},
    {" ", {2, 235248}},
    {"  ", {2, 139}},
    {" Hello", {2, 25957}},
    {"<s>", {2, 204}},
    {std::string(47, ' '), {2, 168, 153}},
    {"BERT is designed to pre-train deep bidirectional representations from unlabeled text by "
     "jointly "
     "conditioning on both left and right context in all layers.",
     {2,    25894, 603,   6869,  577, 953,  235290, 8297, 5271, 209099, 41642, 774, 748,   78253,
      2793, 731,   51506, 34346, 611, 2145, 2731,   578,  1833, 4807,   575,   832, 16630, 235265}},
    {"\t\t\t\t \n\n61", {2, 255971, 235248, 109, 235318, 235274}},
    {"Hey<eos>. \t\t \n\nyou  é  @#😈  🤗!       , 1234 15 5,61",
     {2,      6750,   1,      235265, 235248, 255969, 235248, 109,    4747,   139,    235335,
      139,    216311, 241316, 139,    239880, 235341, 144,    235269, 235248, 235274, 235284,
      235304, 235310, 235248, 235274, 235308, 235248, 235308, 235269, 235318, 235274}},
};

}  // namespace

TEST_CASE("tokenizer.model gives the ids of the public library", "[tokenizer]") {
  check_cases("mistral_v1.model", "mistral");
}

TEST_CASE("tokenizer.model and tokenizer.json give the same ids", "[tokenizer]") {
  check_cases("tiny.model", "tiny");
  check_cases("tiny.json", "tiny");
}

TEST_CASE("both files tell size and padding of the vocabulary", "[tokenizer]") {
  for (const char* name : {"tiny.model", "tiny.json"}) {
    const auto tokenizer = open_text_tokenizer(tokenizer_file(name));
    CHECK(tokenizer->vocabulary_size() == 600);
    CHECK(tokenizer->padding_id() == 0);
  }
  const sana_test::TemporaryDirectory folder;
  CHECK(open_text_tokenizer(unpacked(folder, "mistral_v1.model"))->vocabulary_size() == 32000);
}

TEST_CASE("Gemma's own tokenizer gives the published ids", "[tokenizer][gemma]") {
  const char* given = std::getenv("SANA_GEMMA_TOKENIZER");  // a file, or the folder that holds one
  if (given == nullptr) SANA_SKIP("SANA_GEMMA_TOKENIZER names no tokenizer of Gemma");
  const fs::path file = fs::is_directory(given) ? sana::model::find_tokenizer_file(given) : given;
  const auto tokenizer = open_text_tokenizer(file);
  for (const auto& [text, ids] : kGemmaVectors) {
    INFO(text);
    CHECK(tokenizer->encode(text) == ids);
  }
}

TEST_CASE("merges run by their order in the list, the leftmost first", "[tokenizer]") {
  CHECK(small_ids(small_json(), "ab") == Ids{1, 5});
  CHECK(small_ids(small_json(), "aba") == Ids{1, 7});
  CHECK(small_ids(small_json(), "aab") == Ids{1, 2, 5});
  CHECK(small_ids(small_json(), " ab") == Ids{1, 4, 5});  // "a b" comes before "▁ a"
  CHECK(small_ids(small_json(), " aa") == Ids{1, 6, 2});
  json reordered = small_json();
  reordered["model"]["merges"] = json::array({"▁ a", "a b", "ab a"});
  CHECK(small_ids(reordered, " ab") == Ids{1, 6, 3});
}

TEST_CASE("unknown characters become one unknown token, or their bytes", "[tokenizer]") {
  CHECK(small_ids(small_json(), "axyb") == Ids{1, 2, 0, 3});
  json separate = small_json();
  separate["model"]["fuse_unk"] = false;
  CHECK(small_ids(separate, "axyb") == Ids{1, 2, 0, 0, 3});
  json bytes = small_json();
  bytes["model"]["byte_fallback"] = true;
  bytes["model"]["vocab"]["<0xC3>"] = 8;
  bytes["model"]["vocab"]["<0xA9>"] = 9;
  CHECK(small_ids(bytes, "aéx") == Ids{1, 2, 8, 9, 0});  // x has no byte piece
}

TEST_CASE("added tokens are found in the text, or in what the normaliser makes of it",
          "[tokenizer]") {
  json description = small_json();
  description["added_tokens"].push_back({{"id", 20}, {"content", "a b"}, {"normalized", true}});
  CHECK(small_ids(description, "aa bb") == Ids{1, 2, 20, 3});
  description["added_tokens"].back()["normalized"] = false;
  CHECK(small_ids(description, "aa b") == Ids{1, 2, 20});
  description["added_tokens"].back()["content"] = "a▁b";
  CHECK(small_ids(description, "a b") == Ids{1, 2, 4, 3});
  CHECK(JsonTokenizer(description, "small").vocabulary_size() == 21);
}

TEST_CASE("a Prepend in front of the text is done where there is text", "[tokenizer]") {
  json description = small_json();
  description["normalizer"] = {
      {"type", "Sequence"},
      {"normalizers", {{{"type", "Prepend"}, {"prepend", "▁"}}, description["normalizer"]}}};
  CHECK(small_ids(description, "a") == Ids{1, 6});
  CHECK(small_ids(description, "") == Ids{1});
}

TEST_CASE("a tokenizer.json that is not computed here is refused by key", "[tokenizer]") {
  const auto contains = [](const std::string& text) { return sana_test::ContainsSubstring(text); };
  CHECK_THAT(json_complaint([](json& j) { j["model"]["type"] = "Unigram"; }),
             contains("t.json: model: the type Unigram"));
  CHECK_THAT(json_complaint([](json& j) { j["model"]["dropout"] = 0.1; }), contains("dropout"));
  CHECK_THAT(json_complaint([](json& j) { j["model"].erase("merges"); }), contains("merges"));
  CHECK_THAT(json_complaint([](json& j) { j["model"]["merges"].push_back("a b c"); }),
             contains("not a pair"));
  CHECK_THAT(json_complaint([](json& j) { j["model"]["merges"].push_back("b b"); }),
             contains("\"b\" and \"b\""));
  CHECK_THAT(json_complaint([](json& j) { j["model"]["vocab"]["c"] = -1; }), contains("\"c\""));
  CHECK_THAT(json_complaint([](json& j) { j["normalizer"]["type"] = "NFKC"; }), contains("NFKC"));
  CHECK_THAT(json_complaint([](json& j) { j["normalizer"] = nullptr; }),
             contains("pre_tokenizer: splitting"));
  CHECK_THAT(json_complaint([](json& j) {
               j["pre_tokenizer"] = {{"type", "ByteLevel"}};
             }),
             contains("ByteLevel"));
  CHECK_THAT(json_complaint([](json& j) { j["added_tokens"][0]["lstrip"] = true; }),
             contains("lstrip"));
  CHECK_THAT(json_complaint([](json& j) {
               j["added_tokens"] = json::array();
               j["model"]["vocab"].erase("<bos>");
             }),
             contains("<bos>"));
  CHECK_THAT(json_complaint([](json& j) { j = json::array(); }), contains("not a JSON object"));
}

TEST_CASE("a damaged tokenizer.model is refused, wherever it is cut", "[tokenizer]") {
  const std::string whole = sana::read_text_file(tokenizer_file("tiny.model"));
  CHECK_NOTHROW(SentencePieceTokenizer(whole, "t.model"));
  for (size_t size = 0; size < whole.size(); size += 1 + size / 16) {
    CHECK_THAT(model_complaint(whole.substr(0, size)), sana_test::ContainsSubstring("t.model"));
  }
  CHECK_THAT(model_complaint(whole + whole), sana_test::ContainsSubstring("there twice"));
  CHECK_THAT(model_complaint("{\"json\": 1}"), sana_test::ContainsSubstring("t.model"));
}

TEST_CASE("no changed byte of a tokenizer.model crashes the program", "[tokenizer]") {
  const std::string whole = sana::read_text_file(tokenizer_file("tiny.model"));
  size_t refused = 0, read = 0;
  for (size_t at = 0; at < whole.size(); at += 7) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    try {
      read += SentencePieceTokenizer(changed, "t.model").encode("a  b\n<eos> é").empty() ? 0 : 1;
    } catch (const sana::UserError&) {
      ++refused;
    }
  }
  CHECK(refused > 0);
  CHECK(read > 0);
}

TEST_CASE("a table of character normalisations is refused", "[tokenizer]") {
  std::string changed = sana::read_text_file(tokenizer_file("tiny.model"));
  changed += std::string("\x1A\x05\x12\x03zzz", 7);  // normalizer_spec { precompiled_charsmap }
  CHECK_THAT(model_complaint(changed), sana_test::ContainsSubstring("table"));
}

TEST_CASE("a tokenizer is found in the places that model folders have", "[tokenizer]") {
  const sana_test::TemporaryDirectory folder;
  fs::create_directories(folder / "tokenizer");
  fs::create_directories(folder / "text_encoder");
  CHECK_THAT(sana_test::message_of<sana::UserError>(
                 [&] { sana::model::find_tokenizer_file(folder.path()); }),
             sana_test::ContainsSubstring((folder / "tokenizer/tokenizer.json").string()));
  folder.file("tokenizer/tokenizer.json", "{}");
  CHECK(sana::model::find_tokenizer_file(folder.path()) == folder / "tokenizer/tokenizer.json");
  CHECK(sana::model::find_tokenizer_file(folder / "text_encoder") ==
        folder / "tokenizer/tokenizer.json");
  folder.file("text_encoder/tokenizer.model", "");
  CHECK(sana::model::find_tokenizer_file(folder.path()) == folder / "text_encoder/tokenizer.model");
}
