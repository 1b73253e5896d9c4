#include "train/optimizer.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "model/state_dict.h"

namespace sana::train {

at::Tensor clip_gradients(const std::vector<at::Tensor>& gradients, double limit) {
  at::NoGradGuard no_grad;
  SANA_ASSERT(!gradients.empty());
  const at::Tensor norm = at::stack(at::_foreach_norm(gradients)).norm();
  // The 1e-6 is what PyTorch's clip_grad_norm_ adds against division by zero.
  if (limit > 0) at::_foreach_mul_(gradients, (limit / (norm + 1e-6)).clamp_max(1.0));
  return norm;
}

AdamW::AdamW(const std::vector<std::string>& names, const std::vector<at::Tensor>& weights,
             const OptimizerConfig& config)
    : config_(config), names_(names) {
  SANA_ASSERT(!weights.empty() && names.size() == weights.size());
  step_ = at::zeros({}, weights[0].options().dtype(at::kFloat).requires_grad(false));
  for (const at::Tensor& weight : weights) {
    SANA_ASSERT(weight.scalar_type() == at::kFloat);
    first_moment_.push_back(at::zeros_like(weight.detach()));
    second_moment_.push_back(at::zeros_like(weight.detach()));
  }
}

void AdamW::step(const std::vector<at::Tensor>& weights, const std::vector<at::Tensor>& gradients,
                 double lr, const at::Tensor& skip) {
  at::NoGradGuard no_grad;
  step_.add_(1 - skip);
  const std::vector<at::Tensor> steps(weights.size(), step_);  // the kernel only reads it
  at::_fused_adamw_(weights, gradients, first_moment_, second_moment_, /*max_exp_avg_sqs=*/{},
                    steps, lr, config_.betas[0], config_.betas[1], config_.weight_decay,
                    config_.eps, /*amsgrad=*/false, /*maximize=*/false, /*grad_scale=*/{},
                    /*found_inf=*/skip);
}

TensorMap AdamW::state() const {
  TensorMap state;
  state["step"] = step_;
  for (size_t i = 0; i < names_.size(); ++i) {
    state["first_moment." + names_[i]] = first_moment_[i];
    state["second_moment." + names_[i]] = second_moment_[i];
  }
  return state;
}

void AdamW::restore(const TensorMap& state, const std::string& what) {
  model::copy_tensors(this->state(), state, what);
}

}  // namespace sana::train
