#include "train/flow_matching.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/shape.h"

namespace sana::train {
namespace {

// [B] -> [B, 1, 1, ...] with as many axes as `like`.
at::Tensor per_sample(const at::Tensor& values, const at::Tensor& like) {
  std::vector<int64_t> shape(static_cast<size_t>(like.dim()), 1);
  shape[0] = values.size(0);
  return values.view(shape);
}

}  // namespace

at::Tensor sample_level_indices(int64_t first_sample, int64_t batch, const FlowConfig& config,
                                const RandomStream& stream) {
  const at::Tensor indices = at::empty({batch}, at::kLong);
  for (int64_t i = 0; i < batch; ++i) {
    const double x = config.logit_mean + config.logit_std * stream.normal(first_sample + i);
    const double u = 1.0 / (1.0 + std::exp(-x));
    // A far outlier rounds u up to 1, which would be a level that does not exist.
    indices.mutable_data_ptr<int64_t>()[i] =
        std::clamp(static_cast<int64_t>(u * kNoiseLevels), int64_t{0}, kNoiseLevels - 1);
  }
  return indices;
}

NoiseLevels shifted_levels(const at::Tensor& indices, double shift) {
  // With both fractions multiplied by 1000 a whole timestep comes out whole, so that trunc cannot
  // fall one short.
  const at::Tensor i = indices.to(at::kDouble);
  const at::Tensor numerator = shift * i;
  const at::Tensor denominator = kNoiseLevels + (shift - 1.0) * i;
  return {(numerator / denominator).to(at::kFloat),
          (kNoiseLevels * numerator / denominator).trunc().to(at::kFloat)};
}

at::Tensor add_noise(const at::Tensor& clean, const at::Tensor& noise, const at::Tensor& sigma) {
  check_shape("add_noise: sigma", sigma, {{"B", clean.size(0)}});
  const at::Tensor s = per_sample(sigma, clean);
  return (1 - s) * clean + s * noise;
}

at::Tensor velocity_loss(const at::Tensor& velocity, const at::Tensor& clean,
                         const at::Tensor& noise) {
  const at::Tensor target = noise.to(at::kFloat) - clean.to(at::kFloat);
  return (velocity.to(at::kFloat) - target).square().flatten(1).mean(1);
}

BandSums sum_by_band(const at::Tensor& losses, const at::Tensor& sigma) {
  const at::Tensor band = (sigma * kNoiseBands).floor().clamp(0, kNoiseBands - 1).to(at::kLong);
  const at::Tensor bands = at::arange(kNoiseBands, band.options());
  const at::Tensor member = band.unsqueeze(1) == bands;  // [B, bands]
  // where, not a product: a loss that is not finite must stay in its own band.
  const at::Tensor sums =
      at::where(member, losses.detach().to(at::kFloat).unsqueeze(1), 0.0).sum(0);
  return {sums, member.to(at::kFloat).sum(0)};
}

}  // namespace sana::train
