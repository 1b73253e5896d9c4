// Parts of a Gemma-2 layer besides its attention. Inference only; weights have no memory until
// adopt_state_dict() sets them.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>

#include "model/text_encoder/gemma2/gemma2_config.h"

namespace sana::model {

// y = W x without bias, or a table of embeddings.
class Gemma2WeightImpl : public torch::nn::Module {
 public:
  explicit Gemma2WeightImpl(at::IntArrayRef shape);
  // [..., in] -> [..., out]
  at::Tensor forward(const at::Tensor& x) const;

  at::Tensor weight;
};
TORCH_MODULE(Gemma2Weight);

// y = x / sqrt(mean(x^2) + eps) * (1 + w), in float32 throughout, then in the dtype of x: the
// stored weight is the offset from 1 and is added before anything is rounded.   [..., E] -> [...,
// E]
class Gemma2RmsNormImpl : public torch::nn::Module {
 public:
  Gemma2RmsNormImpl(int64_t dim, double eps);
  at::Tensor forward(const at::Tensor& x) const;

 private:
  double eps_;
  at::Tensor weight_;  // [E]
};
TORCH_MODULE(Gemma2RmsNorm);

// y = down(gelu_tanh(gate(x)) * up(x)).   [..., E] -> [..., E]
class Gemma2MlpImpl : public torch::nn::Module {
 public:
  explicit Gemma2MlpImpl(const Gemma2Config& config);
  at::Tensor forward(const at::Tensor& x) const;

 private:
  Gemma2Weight gate_proj_, up_proj_, down_proj_;
};
TORCH_MODULE(Gemma2Mlp);

}  // namespace sana::model
