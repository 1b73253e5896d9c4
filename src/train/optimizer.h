// AdamW on float32 master weights, in a few fused kernels and without asking the device anything.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "core/config/checks.h"
#include "core/distributed/communicator.h"

namespace sana::train {

struct OptimizerConfig {
  double lr = 2e-4;
  std::vector<double> betas = {0.9, 0.999};
  double eps = 1e-10;
  double weight_decay = 0.0;
  double gradient_clip = 1.0;

  template <class Binder>
  void bind(Binder& b) {
    b.field("lr", lr, "Peak learning rate.", config::at_least(0.0));
    b.field("betas", betas, "Decay of the first and second moment.");
    b.field("eps", eps, "Added to the root of the second moment.", config::at_least(0.0));
    b.field("weight_decay", weight_decay, "Decoupled decay of every weight.",
            config::at_least(0.0));
    b.field("gradient_clip", gradient_clip, "Largest norm of the whole gradient; 0: no limit.",
            config::at_least(0.0));
  }

  template <class Problems>
  void validate(Problems& problems) const {
    bool ok = betas.size() == 2;
    for (double beta : betas) ok = ok && beta >= 0.0 && beta < 1.0;
    if (!ok) problems.add("betas", "must be two numbers, each at least 0 and below 1");
  }
};

// Scales the gradients in place so that their joint L2 norm is at most `limit` (0: no limit). With
// `group` the gradients are those of all its members together; with `replicas`, which have the same
// gradients, all of them use one norm, to the last bit.
// Returns the norm before, a float32 scalar on their device; it is not finite exactly when a
// gradient is not (or the norm overflows).
at::Tensor clip_gradients(const std::vector<at::Tensor>& gradients, double limit,
                          Communicator* group = nullptr, Communicator* replicas = nullptr);

// Decoupled weight decay, bias-corrected moments (arXiv 1711.05101):
//   m = b1 m + (1-b1) g,  v = b2 v + (1-b2) g^2,
//   w = w (1 - lr wd) - lr (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps)
class AdamW {
 public:
  AdamW(const std::vector<at::Tensor>& weights, const OptimizerConfig& config);

  // One step on `weights` with these gradients (same order). Where `skip` (a float32 scalar on the
  // device, 0 or 1) is 1, nothing changes, not even the step count.
  void step(const std::vector<at::Tensor>& weights, const std::vector<at::Tensor>& gradients,
            double lr, const at::Tensor& skip);

  // Its state: steps that were done [] float32, and the moments in the order of the weights.
  const at::Tensor& steps() const { return step_; }
  const std::vector<at::Tensor>& first_moment() const { return first_moment_; }
  const std::vector<at::Tensor>& second_moment() const { return second_moment_; }

 private:
  OptimizerConfig config_;
  at::Tensor step_;  // [] float32
  std::vector<at::Tensor> first_moment_, second_moment_;
};

}  // namespace sana::train
