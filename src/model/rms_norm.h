// RMSNorm over the last dimension, statistics in float32.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

namespace sana::model {

// y = weight * x / sqrt(mean(x^2) + eps).   [..., D] -> [..., D]
class RmsNormImpl : public torch::nn::Module {
 public:
  RmsNormImpl(int64_t dim, double eps);
  at::Tensor forward(const at::Tensor& x);

 private:
  double eps_;
  at::Tensor weight_;  // [D]
};
TORCH_MODULE(RmsNorm);

// norm(x), or x itself where the model has no such norm (a null holder).
at::Tensor normalized(RmsNorm& norm, const at::Tensor& x);

}  // namespace sana::model
