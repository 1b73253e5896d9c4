// Text conditioning: softmax attention of the tokens to the caption; O(N * L) with L fixed.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "model/linear.h"
#include "model/rms_norm.h"

namespace sana::model {

class CrossAttentionImpl : public torch::nn::Module {
 public:
  CrossAttentionImpl(int64_t dim, int64_t num_heads);
  // x [B, N, D], text [B, L, D], mask [B, 1, 1, L] bool, true = real token (undefined: all real)
  // -> [B, N, D]
  at::Tensor forward(const at::Tensor& x, const at::Tensor& text, const at::Tensor& mask);

 private:
  int64_t num_heads_;
  Linear to_q_{nullptr}, to_k_{nullptr}, to_v_{nullptr};
  RmsNorm norm_q_{nullptr}, norm_k_{nullptr};
  Linear out_{nullptr};
};
TORCH_MODULE(CrossAttention);

}  // namespace sana::model
