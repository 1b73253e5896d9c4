// Settings of the sampler that a checkpoint carries as its defaults.
#pragma once
#include <cstdint>
#include <string>

#include "core/config/checks.h"

namespace sana::checkpoints {

struct SamplerConfig {
  std::string name = "dpm-solver++";
  int64_t steps = 50;
  double shift = 8.0;
  double guidance = 6.0;

  template <class Binder>
  void bind(Binder& b) {
    b.field("name", name, "Solver of the flow.", config::one_of({"dpm-solver++", "euler"}));
    b.field("steps", steps, "Evaluations of the model.", config::between<int64_t>(1, 10000));
    b.field("shift", shift, "Flow shift: above 1 spends more steps at high noise.",
            config::between(0.01, 1000.0));
    b.field("guidance", guidance, "Classifier-free guidance; 1 turns it off.",
            config::between(0.0, 1000.0));
  }
};

}  // namespace sana::checkpoints
