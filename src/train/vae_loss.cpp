#include "train/vae_loss.h"

#include <ATen/ATen.h>

namespace sana::train {

at::Tensor gradient_difference(const at::Tensor& reconstruction, const at::Tensor& target) {
  const at::Tensor error = reconstruction.to(at::kFloat) - target.to(at::kFloat);
  at::Tensor sum = at::zeros({}, error.options());
  for (int64_t axis = 2; axis < error.dim(); ++axis) {
    const int64_t steps = error.size(axis) - 1;
    if (steps < 1) continue;
    sum = sum + (error.narrow(axis, 1, steps) - error.narrow(axis, 0, steps)).abs().mean();
  }
  return sum;
}

at::Tensor kl_divergence(const model::LatentPosterior& posterior) {
  const at::Tensor mean = posterior.mean.to(at::kFloat);
  const at::Tensor logvar = posterior.logvar.to(at::kFloat);
  return 0.5 * (mean.square() + logvar.exp() - 1.0 - logvar).mean();
}

VaeLossTerms vae_loss(const at::Tensor& reconstruction, const at::Tensor& target,
                      const model::LatentPosterior& posterior, const VaeLossConfig& config) {
  VaeLossTerms terms;
  terms.l1 = (reconstruction.to(at::kFloat) - target.to(at::kFloat)).abs().mean();
  terms.gradient_difference = gradient_difference(reconstruction, target);
  terms.kl = kl_divergence(posterior);
  terms.total =
      terms.l1 + config.gradient_difference * terms.gradient_difference + config.kl * terms.kl;
  return terms;
}

}  // namespace sana::train
