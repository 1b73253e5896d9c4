// A configuration with every kind of field, for the tests of config/.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "core/config/config.h"

namespace sana_test {

namespace config = sana::config;

struct OptimizerSection {
  double lr = 5e-5;
  double weight_decay = 0.0;

  template <class Binder>
  void bind(Binder& b) {
    b.field("lr", lr, "Peak learning rate.", config::at_least(0.0));
    b.field("weight_decay", weight_decay, "Decoupled decay.", config::between(0.0, 1.0));
  }
};

struct VideoSection {
  int64_t num_frames = 81;
  std::vector<int64_t> patch = {1, 2, 2};

  template <class Binder>
  void bind(Binder& b) {
    b.field("num_frames", num_frames, "Frames of a clip.", config::at_least<int64_t>(1));
    b.field("patch", patch, "Patch size.", config::at_least<int64_t>(1));
  }
  template <class P>
  void validate(P& problems) const {
    if (num_frames % 4 != 1) {
      problems.add("num_frames", fmt::format("({}) must be 4k+1", num_frames));
    }
  }
};

struct StageSection {
  std::string name;
  int64_t steps = 100;
  VideoSection video;

  template <class Binder>
  void bind(Binder& b) {
    b.required("name", name, "Name of the stage.");
    b.field("steps", steps, "Steps of the stage.", config::at_least<int64_t>(1));
    b.field("video", video, "Clips of the stage.");
  }
};

struct SampleConfig {
  int64_t steps = 10;
  bool resume = false;
  std::string mode = "train";
  std::vector<double> weights = {0.5, 1e-15};
  std::vector<bool> flags = {true, false};
  std::vector<std::string> prompts;
  std::optional<int64_t> seed;
  std::optional<std::string> note = "a note";
  OptimizerSection optimizer;
  VideoSection video;
  std::vector<StageSection> stages;

  template <class Binder>
  void bind(Binder& b) {
    b.field("steps", steps, "Optimizer steps.", config::at_least<int64_t>(0));
    b.field("resume", resume, "Go on where the run stopped.");
    b.field("mode", mode, "What to do.", config::one_of({"train", "sample"}));
    b.field("weights", weights, "Some weights.");
    b.field("flags", flags, "Some flags.");
    b.field("prompts", prompts, "Prompts.");
    b.field("seed", seed, "Seed; null draws one.", config::at_least<int64_t>(0));
    b.field("note", note, "Free text.");
    b.field("optimizer", optimizer, "AdamW.");
    b.field("video", video, "Clips.");
    b.field("stages", stages, "Stages in order.");
  }
  void validate(config::Problems& problems) const {
    if (mode == "sample" && steps > 100) {
      problems.add("steps", fmt::format("({}) is too much for mode sample", steps));
    }
  }
};

inline SampleConfig parse(const std::string& yaml) {
  return config::load_text<SampleConfig>(yaml, "test.yaml");
}

}  // namespace sana_test
