// Configurations that are too large, too deep, or written by Windows tools.
#include <string>

#include "core/error.h"
#include "core/files.h"
#include "sample_config.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace {
namespace fs = std::filesystem;
using sana::UserError;
using sana_test::contains;
using sana_test::message_of;
using sana_test::SampleConfig;
using sana_test::TemporaryDirectory;
namespace config = sana::config;

std::string size_complaint(const std::string& yaml) {
  return message_of<UserError>([&] { sana_test::parse(yaml); });
}

std::string repeated(const std::string& text, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

std::string utf16(const std::string& ascii) {
  std::string bytes = "\xff\xfe";
  for (const char c : ascii) bytes += {c, '\0'};
  return bytes;
}

TEST_CASE("a configuration of which yaml-cpp would make gigabytes is refused before", "[config]") {
  CHECK(contains(size_complaint("weights: " + std::string(10'000'000, '[')),
                 "test.yaml:1: more than 1000 brackets are open"));
  const std::string many = "more than 100000 values";
  CHECK(contains(size_complaint("weights: [" + repeated("[],", 600'000) + "]"), many));
  CHECK(contains(size_complaint("weights: [" + repeated("{a},", 600'000) + "]"), many));
  CHECK(contains(size_complaint("weights:\n" + repeated("-\n", 1'200'000)), many));
  CHECK(contains(size_complaint(repeated("- ", 1'200'000)), many));
}

TEST_CASE("what stands behind the end of a document is refused, and found at once", "[config]") {
  const std::string wrong = "test.yaml:2: holds more than one YAML document, or something behind";
  for (const char* behind : {",", "b", "?", "{b: 2}", "[", "- 1", "'"}) {
    INFO(behind);
    const std::string complaint = size_complaint("{steps: 1}\n" + std::string(behind));
    CHECK(contains(complaint, "test.yaml:2: "));
  }
  CHECK(contains(size_complaint("{steps: 1}\n,"), wrong));
  CHECK(sana_test::parse("{steps: 1}\n# nothing\n...\n\n").steps == 1);
}

TEST_CASE("many values and deep nesting are told apart", "[config]") {
  const std::string list = "weights: [" + repeated("1,", 100'001) + "]";
  CHECK(contains(size_complaint(list), "holds more than 100000 values"));
  CHECK(sana_test::parse("weights: [" + repeated("1,", 50'000) + "]").weights.size() == 50'000);
  CHECK(contains(size_complaint("weights: " + std::string(40, '[') + std::string(40, ']')),
                 "nested deeper than 32 levels"));
}

TEST_CASE("text with many brackets is text", "[config]") {
  const std::string prompt = repeated("a [b", 900);
  const SampleConfig loaded = sana_test::parse("prompts: [\"" + prompt + "\"]");
  CHECK(loaded.prompts == std::vector<std::string>{prompt});
}

TEST_CASE("configurations are UTF-8 or UTF-16, with or without a mark, of any system", "[config]") {
  const TemporaryDirectory folder;
  folder.file("base.yaml", utf16("mode: sample\r\n"));
  const std::string text = "extends: base.yaml\r\nsteps: 7\r\n";
  for (const std::string& bytes : {text, "\xef\xbb\xbf" + text, utf16(text)}) {
    folder.file("run.yaml", bytes);
    const auto loaded = config::load<SampleConfig>({folder / "run.yaml", {}});
    CHECK(loaded.steps == 7);
    CHECK(loaded.mode == "sample");
  }
  folder.file("run.yaml", "steps: 7  # caf\xe9\n");
  CHECK(contains(message_of<UserError>([&] {
                   config::load<SampleConfig>({folder / "run.yaml", {}});
                 }),
                 "is not UTF-8 (line 1, byte 15 is 0xE9)"));
}

TEST_CASE("a configuration file larger than any is refused before it is read", "[config]") {
  const TemporaryDirectory folder;
  folder.file("run.yaml", "steps: 1\n");
  fs::resize_file(folder / "run.yaml", uintmax_t(sana::kMaxConfigBytes) + 1);
  CHECK(contains(message_of<UserError>([&] {
                   config::load<SampleConfig>({folder / "run.yaml", {}});
                 }),
                 "expected at most 16777216"));
}

}  // namespace
