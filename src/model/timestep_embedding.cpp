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

SinusoidalMlpImpl::SinusoidalMlpImpl(int64_t dim)
    : linear_1_(register_module("linear_1", Linear(256, dim))),
      linear_2_(register_module("linear_2", Linear(dim, dim))) {}

at::Tensor SinusoidalMlpImpl::forward(const at::Tensor& value) {
  const at::Tensor features = sinusoidal_timestep(value).to(linear_1_->weight.scalar_type());
  return linear_2_(at::silu(linear_1_(features)));
}

TimestepEmbeddingImpl::TimestepEmbeddingImpl(int64_t dim) {
  auto emb = register_module("emb", std::make_shared<torch::nn::Module>("emb"));
  mlp_ = emb->register_module("timestep_embedder", SinusoidalMlp(dim));
  linear_ = register_module("linear", Linear(dim, 6 * dim));
}

TimestepModulation TimestepEmbeddingImpl::forward(const at::Tensor& timestep) {
  const at::Tensor e = mlp_(timestep.dim() == 1 ? timestep.unsqueeze(1) : timestep);  // [B, F, D]
  return {e, linear_(at::silu(e)).unflatten(-1, {6, e.size(-1)})};
}

GuidedTimestepEmbeddingImpl::GuidedTimestepEmbeddingImpl(int64_t dim)
    : timestep_embedder_(register_module("timestep_embedder", SinusoidalMlp(dim))),
      guidance_embedder_(register_module("guidance_embedder", SinusoidalMlp(dim))),
      linear_(register_module("linear", Linear(dim, 6 * dim))) {}

TimestepModulation GuidedTimestepEmbeddingImpl::forward(const at::Tensor& timestep,
                                                        const at::Tensor& guidance) {
  const at::Tensor e =
      timestep_embedder_(timestep.unsqueeze(1)) + guidance_embedder_(guidance.unsqueeze(1));
  return {e, linear_(at::silu(e)).unflatten(-1, {6, e.size(-1)})};
}

}  // namespace sana::model
