#include "train/ema.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace sana::train {

Ema::Ema(const std::vector<at::Tensor>& weights, double decay) : decay_(decay) {
  for (const at::Tensor& weight : weights) average_.push_back(weight.detach().clone());
}

void Ema::update(const std::vector<at::Tensor>& weights, int64_t steps_done) {
  at::NoGradGuard no_grad;
  const double n = static_cast<double>(steps_done);
  const double decay = std::min(decay_, (1.0 + n) / (10.0 + n));
  at::_foreach_lerp_(average_, weights, 1.0 - decay);
}

}  // namespace sana::train
