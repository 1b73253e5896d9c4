// Learning rate over a run.
#pragma once
#include <cstdint>
#include <string>

#include "core/config/checks.h"

namespace sana::train {

struct LrScheduleConfig {
  std::string name = "constant";
  int64_t warmup_steps = 100;
  double final_fraction = 0.1;

  template <class Binder>
  void bind(Binder& b) {
    b.field("name", name, "After the warm-up: constant, or cosine down to final_fraction.",
            config::one_of({"constant", "cosine"}));
    b.field("warmup_steps", warmup_steps, "Steps over which the rate rises linearly to its peak.",
            config::at_least<int64_t>(0));
    b.field("final_fraction", final_fraction, "Cosine: rate of the last step over the peak.",
            config::between(0.0, 1.0));
  }
};

// Rate of the step that follows `steps_done` steps, of `total_steps`.
double learning_rate(const LrScheduleConfig& config, double peak, int64_t steps_done,
                     int64_t total_steps);

}  // namespace sana::train
