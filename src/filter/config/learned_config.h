// Scores that a network gives, such as an aesthetic score.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/config/checks.h"
#include "core/config/problems.h"

namespace sana::filter {

struct LearnedScoreConfig {
  std::string name;
  std::string file;
  int64_t width = 224;
  int64_t height = 224;
  int64_t pictures = 3;
  std::vector<double> mean = {0.485, 0.456, 0.406};
  std::vector<double> deviation = {0.229, 0.224, 0.225};
  int64_t output = 0;

  template <class Binder>
  void bind(Binder& b) {
    using config::at_least;
    b.required("name", name, "Name of the score, for criteria and the report.");
    b.required("file", file, "ONNX model: [1, 3, height, width] float32 RGB to numbers.");
    b.field("width", width, "Columns of its input.", at_least<int64_t>(1));
    b.field("height", height, "Rows of its input.", at_least<int64_t>(1));
    b.field("pictures", pictures,
            "Pictures of each shot, at even distances; the score is the mean.",
            at_least<int64_t>(1));
    b.field("mean", mean, "Subtracted from red, green and blue in 0..1.");
    b.field("deviation", deviation, "What the difference is divided by.");
    b.field("output", output, "Which number of the output is the score.", at_least<int64_t>(0));
  }
  void validate(config::Problems& problems) const {
    if (mean.size() != 3) problems.add("mean", "needs three numbers: red, green, blue");
    if (deviation.size() != 3) problems.add("deviation", "needs three numbers: red, green, blue");
    for (const double value : deviation) {
      if (value <= 0) problems.add("deviation", "must be above 0");
    }
  }
};

}  // namespace sana::filter
