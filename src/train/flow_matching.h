// Flow matching on a straight path from data to noise (arXiv 2509.24695, section 3; arXiv
// 2209.03003).
//
//   x_s = (1 - s) x_0 + s noise,   target velocity = noise - x_0,   loss = mean (v - target)^2
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "core/config/checks.h"
#include "core/counter_random.h"

namespace sana::train {

// Levels of the noise schedule: level i has noise i / kNoiseLevels before the shift.
inline constexpr int64_t kNoiseLevels = 1000;
// Losses are reported for this many equal ranges of the shifted noise level.
inline constexpr int64_t kNoiseBands = 4;

struct FlowConfig {
  double shift = 3.0;
  double logit_mean = 0.0;
  double logit_std = 1.0;

  template <class Binder>
  void bind(Binder& b) {
    b.field("shift", shift, "Shift s of the noise levels: above 1 trains more on high noise.",
            config::at_least(0.01));
    b.field("logit_mean", logit_mean, "Mean of the logit-normal law of the level.");
    b.field("logit_std", logit_std, "Its standard deviation.", config::at_least(0.0));
  }
};

// i = floor(1000 u) with u = sigmoid(mean + std N(0, 1)), at most 999, of the samples
// `first_sample` on of a step.  [B] int64 on the CPU.
at::Tensor sample_level_indices(int64_t first_sample, int64_t batch, const FlowConfig& config,
                                const RandomStream& stream);

// The two forms in which a level is used: they differ, since the model is told a whole number.
struct NoiseLevels {
  at::Tensor sigma;     // [B] float32: s (i/1000) / (1 + (s-1) (i/1000)), builds x_s
  at::Tensor timestep;  // [B] float32: trunc(1000 sigma), what the model is told
};
NoiseLevels shifted_levels(const at::Tensor& indices, double shift);

// (1 - sigma) x_0 + sigma noise.  x_0, noise [B, C, T, h, w]; sigma [B]
at::Tensor add_noise(const at::Tensor& clean, const at::Tensor& noise, const at::Tensor& sigma);

// Mean square error of the velocity per sample, in float32 whatever the inputs are.
//   velocity, clean, noise [B, ...] -> [B]
at::Tensor velocity_loss(const at::Tensor& velocity, const at::Tensor& clean,
                         const at::Tensor& noise);

// Sums and counts of per-sample losses [B] in each noise band, two tensors [kNoiseBands] float32.
struct BandSums {
  at::Tensor sums;
  at::Tensor counts;
};
BandSums sum_by_band(const at::Tensor& losses, const at::Tensor& sigma);

}  // namespace sana::train
