#include "model/timestep_embedding.h"

#include <ATen/ATen.h>

#include <cmath>
#include <memory>

namespace sana::model {

at::Tensor sinusoidal_timestep(const at::Tensor& timestep) {
  constexpr int64_t kHalf = 128;
  const auto options = at::TensorOptions().dtype(at::kFloat).device(timestep.device());
  const at::Tensor frequency =
      at::exp(at::arange(kHalf, options) * (-std::log(10000.0) / double(kHalf)));
  const at::Tensor angle = timestep.to(at::kFloat).unsqueeze(-1) * frequency;
  return at::cat({angle.cos(), angle.sin()}, -1);
}

TimestepEmbeddingImpl::TimestepEmbeddingImpl(int64_t dim) {
  auto emb = register_module("emb", std::make_shared<torch::nn::Module>("emb"));
  auto mlp = emb->register_module("timestep_embedder",
                                  std::make_shared<torch::nn::Module>("timestep_embedder"));
  linear_1_ = mlp->register_module("linear_1", Linear(256, dim));
  linear_2_ = mlp->register_module("linear_2", Linear(dim, dim));
  linear_ = register_module("linear", Linear(dim, 6 * dim));
}

TimestepModulation TimestepEmbeddingImpl::forward(const at::Tensor& timestep) {
  const at::Tensor per_frame = timestep.dim() == 1 ? timestep.unsqueeze(1) : timestep;  // [B, F]
  const at::Tensor features = sinusoidal_timestep(per_frame).to(linear_1_->weight.scalar_type());
  const at::Tensor e = linear_2_(at::silu(linear_1_(features)));  // [B, F, D]
  return {e, linear_(at::silu(e)).unflatten(-1, {6, e.size(-1)})};
}

}  // namespace sana::model
