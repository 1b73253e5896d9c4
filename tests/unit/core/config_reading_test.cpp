// Values, files and overrides that are right.
#include <cmath>

#include "core/error.h"
#include "sample_config.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

using sana_test::parse;
using sana_test::SampleConfig;
namespace config = sana::config;

TEST_CASE("every kind of field is read", "[config]") {
  const SampleConfig read = parse(R"(
steps: 200
resume: true
mode: train
weights: [1, 2.5, 1e6, -.inf]
flags: [false]
prompts: ["a cat", a dog, '3']
seed: +7
note: ~
optimizer:
  lr: 1e-3
video: {num_frames: 17, patch: []}
stages:
  - name: first
  - name: second
    steps: 5
    video: {num_frames: 5}
)");
  CHECK(read.steps == 200);
  CHECK(read.resume);
  CHECK(read.weights.size() == 4);
  CHECK(read.weights[2] == 1e6);
  CHECK(std::isinf(read.weights[3]));
  CHECK(read.flags == std::vector<bool>{false});
  CHECK(read.prompts == std::vector<std::string>{"a cat", "a dog", "3"});
  CHECK(read.seed == 7);
  CHECK_FALSE(read.note.has_value());
  CHECK(read.optimizer.lr == 1e-3);
  CHECK(read.optimizer.weight_decay == 0.0);
  CHECK(read.video.num_frames == 17);
  CHECK(read.video.patch.empty());
  REQUIRE(read.stages.size() == 2);
  CHECK(read.stages[0].steps == 100);
  CHECK(read.stages[1].video.num_frames == 5);
}

TEST_CASE("keys that are absent keep their defaults", "[config]") {
  for (const char* text : {"", "# nothing\n", "{}", "optimizer:\n"}) {
    const SampleConfig read = parse(text);
    CHECK(read.steps == 10);
    CHECK(read.note == "a note");
    CHECK(read.optimizer.lr == 5e-5);
  }
}

TEST_CASE("JSON is read as YAML", "[config]") {
  CHECK(parse(R"({"steps": 3, "optimizer": {"lr": 1e-05}})").optimizer.lr == 1e-5);
}

TEST_CASE("a file lies upon its base, overrides upon both", "[config]") {
  const sana_test::TemporaryDirectory folder;
  folder.file("base.yaml", "steps: 1\nmode: sample\noptimizer: {lr: 0.1, weight_decay: 0.2}\n");
  const auto file =
      folder.file("run.yaml", "extends: base.yaml\nsteps: 2\noptimizer:\n  lr: 0.3\n");
  const auto loaded = config::load_with_origins<SampleConfig>(
      {file, {"optimizer.lr=0.4", "prompts=[a, b]", "seed=5", "steps=3", "steps=4"}});
  CHECK(loaded.config.mode == "sample");
  CHECK(loaded.config.optimizer.weight_decay == 0.2);
  CHECK(loaded.config.optimizer.lr == 0.4);
  CHECK(loaded.config.steps == 4);
  CHECK(loaded.config.prompts == std::vector<std::string>{"a", "b"});

  for (const char* line : {"steps: 4  # command line", "mode: sample  # base.yaml:2",
                           "  lr: 0.4  # command line", "  weight_decay: 0.2  # base.yaml:3",
                           "resume: false  # default", "prompts: [a, b]  # command line"}) {
    INFO(line << "\n" << loaded.resolved_yaml);
    CHECK(sana_test::contains(loaded.resolved_yaml, std::string(line) + "\n"));
  }
}

TEST_CASE("an origin names file and line", "[config]") {
  const sana_test::TemporaryDirectory folder;
  const auto file = folder.file("run.yaml", "\nvideo:\n  patch: [1]\nstages:\n  - name: x\n");
  const auto loaded = config::load_with_origins<SampleConfig>({file, {}});
  CHECK(sana_test::contains(loaded.resolved_yaml, "  patch: [1]  # run.yaml:3\n"));
  CHECK(sana_test::contains(loaded.resolved_yaml, "  - name: x  # run.yaml:5\n"));
  CHECK(sana_test::contains(loaded.resolved_yaml, "    steps: 100  # default\n"));
}

TEST_CASE("overrides alone make a configuration", "[config]") {
  const auto read =
      config::load<SampleConfig>({{}, {"optimizer={lr: 0.5}", "mode=\"sample\"", "note=a = b"}});
  CHECK(read.optimizer.lr == 0.5);
  CHECK(read.mode == "sample");
  CHECK(read.note == "a = b");
}

TEST_CASE("an override may name one item of a list of sections", "[config]") {
  const sana_test::TemporaryDirectory folder;
  const auto file = folder.file("run.yaml", "stages: [{name: a}, {name: b}]\n");
  const auto read = config::load<SampleConfig>({file, {"stages.1.steps=7"}});
  CHECK(read.stages.at(0).steps == 100);
  CHECK(read.stages.at(1).steps == 7);
}
