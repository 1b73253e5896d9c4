// Small building blocks shared by the modules of this folder.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <string>

#include "model/linear.h"

namespace sana::model {

// Registers a Linear(in, out) under "<list>.<index>", as PyTorch's nn.Sequential names it.
Linear register_indexed_linear(torch::nn::Module& owner, const std::string& list, int64_t index,
                               int64_t in, int64_t out);

// 1x1 convolution on channels-last tokens: a linear layer whose weight keeps the public shape
// [out, in, 1, 1].   [..., in] -> [..., out]
class PointwiseConvImpl : public torch::nn::Module {
 public:
  PointwiseConvImpl(int64_t in, int64_t out, bool with_bias);
  at::Tensor forward(const at::Tensor& x);

 private:
  at::Tensor weight_;  // [out, in, 1, 1]
  at::Tensor bias_;    // [out], undefined without bias
};
TORCH_MODULE(PointwiseConv);

// LayerNorm without weight or bias (eps 1e-6), then x * (1 + scale) + shift.
//   x [B, T, M, D]; shift, scale [B, 1 or T, 1, D]
at::Tensor modulated_layer_norm(const at::Tensor& x, const at::Tensor& shift,
                                const at::Tensor& scale);

// The norm before the last projection of a model: LN(x) * (1 + scale) + shift with
// [shift, scale] = table + embedding.
//   x [B, N, D], tokens of `frames` frames; table [2, D]; embedding [B, 1 or T, D] -> [B, N, D]
at::Tensor output_norm(const at::Tensor& x, const at::Tensor& table, const at::Tensor& embedding,
                       int64_t frames);

}  // namespace sana::model
