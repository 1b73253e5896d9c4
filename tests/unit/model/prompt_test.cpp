// Instructions, case and the choice of tokens, as the public pipeline has them.
#include "model/text_encoder/gemma2/prompt.h"

#include <ATen/ATen.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/hash.h"
#include "core/json_file.h"
#include "model/text_encoder/tokenizer/text_case.h"
#include "model/text_encoder/tokenizer/text_normalizer.h"
#include "support/catch.h"

namespace {

namespace fs = std::filesystem;
using sana::model::instruction_text;
using sana::model::PromptStyle;
using sana::model::PromptTokenizer;
using sana::model::PromptTokens;

const sana::model::TextTokenizer& tiny_tokenizer() {
  static const auto tokenizer =
      sana::model::open_text_tokenizer(fs::path(SANA_TEST_DATA) / "tokenizer/tiny.json");
  return *tokenizer;
}

int64_t count_of(const std::vector<int64_t>& ids) { return static_cast<int64_t>(ids.size()); }

}  // namespace

TEST_CASE("the instructions are the public ones, byte for byte", "[prompt]") {
  const std::string_view video = instruction_text("diffusers_video");
  CHECK(video.size() == 1164);
  CHECK(sana::hash_text(video) == "2c4cfc6eeec1ddfd35c2600695a9ce867b88cdd7");
  const std::string_view image = instruction_text("nvlabs");
  CHECK(image.size() == 1057);
  CHECK(sana::hash_text(image) == "906f336ee99659323a6c4ad07d9fa1503c9bb2d5");
  CHECK(sana::hash_text(instruction_text("diffusers_image")) ==
        "809fa23ee0faf71dd154c7e10c5cdcc0a1d3734d");
  CHECK(instruction_text("none").empty());
  CHECK_THROWS_WITH(
      instruction_text("video"),
      sana_test::ContainsSubstring("known are diffusers_video, diffusers_image, nvlabs and none"));
}

TEST_CASE("lower case and stripping are those of Python", "[prompt]") {
  const auto file = sana::read_json_file(fs::path(SANA_TEST_DATA) / "python_case.json");
  REQUIRE(file.at("cases").size() > 30);
  for (const auto& item : file.at("cases")) {
    INFO(item.dump());
    const auto text = item.at("text").get<std::string>();
    CHECK(sana::model::python_lower(text) == item.at("lower").get<std::string>());
    CHECK(sana::model::python_strip(text) == item.at("strip").get<std::string>());
  }
  sana::Hasher all;
  for (char32_t code = 0; code < 0x110000; ++code) {
    if (code >= 0xD800 && code < 0xE000) continue;
    all.add(sana::model::python_lower(sana::model::encode_utf8(std::u32string(1, code))));
  }
  CHECK(all.hex() == file.at("sha1_of_all").get<std::string>());
}

TEST_CASE("a motion score stands behind the prompt, never behind a negative one", "[prompt]") {
  PromptStyle style;
  CHECK(positive_text(" A Cat ", style) == "a cat");
  style.motion_score = 30;
  CHECK(positive_text("A Cat", style) == "a cat motion score: 30.");
  CHECK(positive_text("A Cat ", style) == "a cat  motion score: 30.");
  CHECK(positive_text("", style) == "motion score: 30.");
  CHECK(negative_text(" Blurry ", style) == "blurry");
  style.lowercase = false;
  CHECK(positive_text(" A Cat ", style) == "A Cat motion score: 30.");
  CHECK(negative_text(" Blurry ", style) == "Blurry");
}

TEST_CASE("the kept rows begin with the prompt's first token", "[prompt]") {
  PromptStyle style;
  style.max_tokens = 16;
  const PromptTokenizer prompts(tiny_tokenizer(), style);
  const auto instruction = tiny_tokenizer().encode(instruction_text(style.instruction));
  CHECK(prompts.longest() == count_of(instruction) + 14);

  const PromptTokens cat = prompts.positive("A cat");
  CHECK(cat.first_kept == count_of(instruction) - 1);
  const auto alone = tiny_tokenizer().encode(" a cat");
  CHECK(std::vector<int64_t>(cat.ids.begin() + cat.first_kept, cat.ids.end()) ==
        std::vector<int64_t>(alone.begin() + 1, alone.end()));
  CHECK(std::equal(cat.ids.begin(), cat.ids.begin() + cat.first_kept, instruction.begin()));
  // The empty prompt keeps the instruction's last token, the space.
  CHECK(prompts.positive("").ids == instruction);
}

TEST_CASE("long prompts lose their end", "[prompt]") {
  PromptStyle style;
  style.max_tokens = 8;
  const PromptTokenizer prompts(tiny_tokenizer(), style);
  std::string text;
  for (int i = 0; i < 50; ++i) text += "word ";
  CHECK(count_of(prompts.positive(text).ids) == prompts.longest());
  CHECK(prompts.positive_length(text).tokens > style.max_tokens);
  const std::string whole = text.substr(0, 5);
  CHECK(prompts.positive_length(whole).tokens <= style.max_tokens);
  CHECK(count_of(prompts.positive(whole).ids) ==
        prompts.positive_length(whole).tokens + prompts.longest() - style.max_tokens);
  const PromptTokens negative = prompts.negative(text);
  CHECK(count_of(negative.ids) == 8);
  CHECK(negative.first_kept == 1);
  CHECK(negative.ids[0] == tiny_tokenizer().encode("")[0]);
}

TEST_CASE("without instruction a prompt is encoded like a negative one", "[prompt]") {
  PromptStyle style;
  style.instruction = "none";
  const PromptTokenizer prompts(tiny_tokenizer(), style);
  CHECK(prompts.longest() == 300);
  CHECK(prompts.positive("A cat").ids == prompts.negative("A cat").ids);
  CHECK(prompts.positive("A cat").first_kept == 1);
}
