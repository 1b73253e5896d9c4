#include "train/optimizer.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace sana::train {

at::Tensor clip_gradients(const std::vector<at::Tensor>& gradients, double limit,
                          Communicator* group, Communicator* replicas) {
  at::NoGradGuard no_grad;
  SANA_ASSERT(!gradients.empty());
  at::Tensor norm = at::stack(at::_foreach_norm(gradients)).norm();
  if (group != nullptr) {
    const at::Tensor squares = norm.square().view({1});
    group->all_reduce("gradient norm", squares);
    // Groups may add up in another order; replicas that scale by another number would part.
    if (replicas != nullptr) replicas->all_reduce("norm of replicas", squares, Reduction::kMax);
    norm = squares[0].sqrt();
  }
  // The 1e-6 is what PyTorch's clip_grad_norm_ adds against division by zero.
  if (limit > 0) at::_foreach_mul_(gradients, (limit / (norm + 1e-6)).clamp_max(1.0));
  return norm;
}

AdamW::AdamW(const std::vector<at::Tensor>& weights, const OptimizerConfig& config)
    : config_(config) {
  SANA_ASSERT(!weights.empty());
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

}  // namespace sana::train
