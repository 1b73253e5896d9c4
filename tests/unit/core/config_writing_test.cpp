// What is written reads back as it was.
#include <cmath>
#include <limits>

#include "core/error.h"
#include "sample_config.h"
#include "support/catch.h"
#include "support/errors.h"

using sana_test::contains;
using sana_test::parse;
using sana_test::SampleConfig;
namespace config = sana::config;

TEST_CASE("the resolved file reads back as the same configuration", "[config]") {
  SampleConfig written;
  written.steps = std::numeric_limits<int64_t>::max();
  written.weights = {
      0.1, 1.0, -0.0, 1e300, 5e-324, 1.0 / 3.0, std::numeric_limits<double>::infinity()};
  written.flags = {};
  written.seed = 3;
  written.note = std::nullopt;
  written.stages = {{"one", 1, {}}, {"two", 2, {5, {3}}}};
  const std::string yaml = config::to_yaml(written);
  const SampleConfig read = parse(yaml);
  CHECK(read.steps == written.steps);
  CHECK(read.weights == written.weights);
  CHECK(std::signbit(read.weights[2]));
  CHECK(read.flags.empty());
  CHECK(read.seed == 3);
  CHECK_FALSE(read.note.has_value());
  REQUIRE(read.stages.size() == 2);
  CHECK(read.stages[1].name == "two");
  CHECK(read.stages[1].video.patch == std::vector<int64_t>{3});
  CHECK(config::to_yaml(read) == yaml);
}

TEST_CASE("texts of every kind survive the resolved file", "[config]") {
  SampleConfig written;
  written.prompts = {"",
                     "null",
                     "~",
                     "true",
                     "yes",
                     "10",
                     "1e6",
                     ".inf",
                     "a: b",
                     "a #b",
                     "#a",
                     " lead",
                     "trail ",
                     "- item",
                     "[x]",
                     "{x: y}",
                     "*alias",
                     "&anchor",
                     "!tag",
                     "%x",
                     "@x",
                     "`x`",
                     "it's",
                     "say \"hi\"",
                     "a\\b",
                     "line\nof",
                     "tab\tand\r",
                     "\x01\x7f",
                     "---",
                     "...",
                     "?",
                     "a, b",
                     "ein Fluß",
                     "日本語 🎬",
                     "=x",
                     "> fold",
                     "| lit",
                     "a plain text with (brackets)",
                     "/data/clips-1.0/x_y.mp4"};
  written.note = "null";
  const SampleConfig read = parse(config::to_yaml(written));
  CHECK(read.prompts == written.prompts);
  CHECK(read.note == "null");
}

TEST_CASE("numbers are written so that other YAML readers see numbers", "[config]") {
  CHECK(config::yaml_text(1.0) == "1.0");
  CHECK(config::yaml_text(1e-15) == "1.0e-15");
  CHECK(config::yaml_text(-0.5) == "-0.5");
  CHECK(config::yaml_text(std::numeric_limits<double>::quiet_NaN()) == ".nan");
  CHECK(config::yaml_text(int64_t{-7}) == "-7");
  CHECK(config::yaml_text(true) == "true");
}

TEST_CASE("the reference carries help, type and range, and reads as the defaults", "[config]") {
  const std::string reference = config::reference_yaml<SampleConfig>();
  INFO(reference);
  CHECK(contains(reference, "# Optimizer steps. (integer, at least 0)\nsteps: 10\n"));
  CHECK(contains(reference, "# What to do. (text, one of train, sample)\nmode: train\n"));
  CHECK(contains(reference, "# Seed; null draws one. (integer or null, at least 0)\nseed: null\n"));
  CHECK(contains(reference,
                 "\n# AdamW.\noptimizer:\n  # Peak learning rate. (number, at least 0)\n"));
  CHECK(contains(reference,
                 "stages: []\n# for example:\n#   -\n#     # Name of the stage. (text, "
                 "required)\n#     name: \"\"\n"));
  CHECK(config::to_yaml(parse(reference)) == config::to_yaml(SampleConfig{}));
}

TEST_CASE("a reference with items in its lists reads back", "[config]") {
  SampleConfig with_stages;
  with_stages.stages = {{"one", 1, {}}, {"two", 2, {}}};
  const std::string reference = config::reference_yaml(with_stages);
  INFO(reference);
  CHECK(config::to_yaml(parse(reference)) == config::to_yaml(with_stages));
}
