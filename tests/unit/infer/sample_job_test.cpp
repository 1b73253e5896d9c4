#include "infer/sample_job.h"

#include <filesystem>

#include "core/error.h"
#include "support/catch.h"
#include "support/temporary_directory.h"

namespace {

namespace fs = std::filesystem;
using sana::infer::read_prompt_file;
using sana::infer::SampleJob;
using sana_test::ContainsSubstring;

// A prompt file in a folder that lives as long as the test.
class PromptFile {
 public:
  PromptFile(const std::string& name, const std::string& text) : path_(folder_.file(name, text)) {}
  operator const fs::path&() const { return path_; }

 private:
  sana_test::TemporaryDirectory folder_;
  fs::path path_;
};

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
