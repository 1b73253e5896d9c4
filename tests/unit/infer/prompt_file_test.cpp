#include "infer/prompt_file.h"

#include <filesystem>

#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {

namespace fs = std::filesystem;
using sana::infer::parse_seed;
using sana::infer::read_prompt_file;
using sana::infer::SampleJob;
using sana_test::contains;
using sana_test::ContainsSubstring;
using sana_test::message_of;

// A prompt file in a folder that lives as long as the test.
class PromptFile {
 public:
  PromptFile(const std::string& name, const std::string& text) : path_(folder_.file(name, text)) {}
  operator const fs::path&() const { return path_; }

 private:
  sana_test::TemporaryDirectory folder_;
  fs::path path_;
};

std::vector<std::string> prompts_of(const std::string& name, const std::string& text) {
  std::vector<std::string> prompts;
  for (const SampleJob& job : read_prompt_file(PromptFile(name, text), "o", {})) {
    prompts.push_back(job.prompt);
  }
  return prompts;
}

std::string refusal(const std::string& name, const std::string& text) {
  return message_of<sana::UserError>([&] { prompts_of(name, text); });
}

}  // namespace

TEST_CASE("each line of a text file is a prompt with its own seed and output", "[infer]") {
  SampleJob defaults;
  defaults.seed = 10;
  const auto jobs = read_prompt_file(PromptFile("prompts.txt", "A bee, crawling.\n\n  \nOcean\r\n"),
                                     "out", defaults);
  REQUIRE(jobs.size() == 2);
  CHECK(jobs[0].prompt == "A bee, crawling.");
  CHECK(jobs[0].out == fs::path("out/00000-a-bee-crawling.mp4"));
  CHECK(jobs[1].prompt == "Ocean");
  CHECK(jobs[1].seed == 11);
}

TEST_CASE("a JSONL line may set seed and size", "[infer]") {
  SampleJob defaults;
  defaults.size = {128, 224, 17};
  const auto jobs = read_prompt_file(
      PromptFile("prompts.jsonl", R"({"prompt": "x", "seed": 5, "frames": 33})"), "out", defaults);
  CHECK(jobs[0].seed == 5);
  CHECK(jobs[0].size.frames == 33);
  CHECK(jobs[0].size.width == 224);
}

TEST_CASE("a bad line of a prompt file is named with its number", "[infer]") {
  CHECK_THROWS_WITH(
      read_prompt_file(PromptFile("bad.jsonl", "{\"prompt\": \"a\"}\n{\"promt\": 1}\n"), "o", {}),
      ContainsSubstring("bad.jsonl:2") && ContainsSubstring("promt"));
  CHECK_THROWS_WITH(read_prompt_file(PromptFile("empty.txt", "\n\n"), "o", {}),
                    ContainsSubstring("no prompt"));
  CHECK_THROWS_AS(read_prompt_file("/nonexistent/p.txt", "o", {}), sana::UserError);
}

TEST_CASE("files of prompts are told by what is in them", "[infer]") {
  const std::vector<std::string> two = {"a cat", "a dog"};
  CHECK(prompts_of("p.txt", "# animals\na cat\n  # more\na dog\n") == two);
  CHECK(prompts_of("p.txt",
                   "\xef\xbb\xbf"
                   "a cat\r\na dog\r\n") == two);
  CHECK(prompts_of("p.JSONL", "{\"prompt\": \"a cat\"}\n\n{\"prompt\": \"a dog\"}\n") == two);
  CHECK(prompts_of("p.txt", "{\"prompt\": \"a cat\"}\n{\"prompt\": \"a dog\"}\n") == two);
  CHECK(prompts_of("p.json", "[\n {\"prompt\": \"a cat\"},\n \"a dog\"\n]\n") == two);
  CHECK(prompts_of("p.txt", "[oil painting] a cat\n").front() == "[oil painting] a cat");
  CHECK(contains(refusal("p.json", "[ {\"prompt\": \"a cat\"}, \n"), "no JSON list"));
  CHECK(contains(refusal("p.jsonl", "a cat\n"), "begins with neither"));
  CHECK(contains(refusal("p.txt", "a cat\n{\"prompt\": \"a dog\"}\n"), "p.txt:2"));
  CHECK(contains(refusal("p.txt", "a caf\xe9\n"), "not UTF-8"));
  CHECK(contains(refusal("p.json", "[{\"prompt\": 3}]"), "entry 1"));
}

TEST_CASE("a seed is a whole number below 2^64, or -1 for a random one", "[infer]") {
  CHECK(parse_seed("0") == std::pair(uint64_t(0), false));
  CHECK(parse_seed("18446744073709551615").first == UINT64_MAX);
  CHECK(parse_seed("-1").second);
  CHECK(parse_seed("-1").first != parse_seed("-1").first);
  for (const char* text : {"", "-2", "3.7", "1e3", "99999999999999999999", "7x", "nan"}) {
    CHECK_THROWS_WITH(parse_seed(text), ContainsSubstring("--seed"));
  }
  for (const char* seed : {"3.7", "-2", "\"7\"", "null", "99999999999999999999"}) {
    CHECK(contains(refusal("p.jsonl", std::string("{\"prompt\": \"x\", \"seed\": ") + seed + "}"),
                   "'seed'"));
  }
  const auto jobs =
      read_prompt_file(PromptFile("p.jsonl", R"({"prompt": "x", "seed": -1})"), "o", {});
  CHECK(jobs[0].has_random_seed);
}

TEST_CASE("a line may be of any length", "[infer]") {
  const std::string long_line = "a cat --b" + std::string(400000, ' ') + "c";
  CHECK(prompts_of("long.txt", long_line) == std::vector<std::string>{long_line});
}

TEST_CASE("JSON prompts that are nested absurdly deeply are refused by name", "[infer]") {
  const std::string deep = std::string(200000, '[') + "1" + std::string(200000, ']');
  CHECK(contains(refusal("deep.json", deep), "nested deeper than 100"));
  CHECK(contains(refusal("deep.jsonl", "{\"prompt\": " + deep + "}"), "deep.jsonl:1"));
}
