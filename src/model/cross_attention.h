// Text conditioning: softmax attention of the tokens to the caption; O(N * L) with L fixed.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <string>

#include "model/linear.h"
#include "model/rms_norm.h"

namespace sana::model {

class CrossAttentionImpl : public torch::nn::Module {
 public:
  // qk_norm: RMSNorm over all heads together on queries and keys.
  CrossAttentionImpl(int64_t dim, int64_t num_heads, bool qk_norm = true);
  // x [B, N, D], text [B, L, D], mask [B, 1, 1, L] bool, true = real token (undefined: all real)
  // -> [B, N, D]
  at::Tensor forward(const at::Tensor& x, const at::Tensor& text, const at::Tensor& mask);

 private:
  int64_t num_heads_;
  Linear to_q_{nullptr}, to_k_{nullptr}, to_v_{nullptr};
  RmsNorm norm_q_{nullptr}, norm_k_{nullptr};  // null without qk_norm
  Linear out_{nullptr};
};
TORCH_MODULE(CrossAttention);

// The mask of text tokens [B, L], 1 = real token, as cross-attention takes it: [B, 1, 1, L] bool.
// Undefined stays undefined. Throws UserError, prefixed with `what`, on another shape.
at::Tensor text_attention_mask(const std::string& what, const at::Tensor& text_mask,
                               const at::Tensor& text);

}  // namespace sana::model
