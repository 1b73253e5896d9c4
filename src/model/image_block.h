// One block of the text-to-image SANA.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "model/cross_attention.h"
#include "model/linear_attention.h"
#include "model/mix_ffn.h"
#include "model/sana_image_config.h"

namespace sana::model {

// What every block of one forward pass shares.
struct ImageBlockContext {
  at::Tensor modulation;  // t6 [B, 1, 6, D]
  at::Tensor text;        // [B, L, D]
  at::Tensor text_mask;   // [B, 1, 1, L] bool or undefined
  Grid grid;              // one frame
};

// modulated_block with an attention without rotary positions and a Mix-FFN without temporal
// convolution.
class ImageBlockImpl : public torch::nn::Module {
 public:
  explicit ImageBlockImpl(const SanaImageConfig& config);
  // x [B, N, D] -> [B, N, D]
  at::Tensor forward(const at::Tensor& x, const ImageBlockContext& context);

 private:
  at::Tensor scale_shift_table_;  // [6, D]
  LinearSelfAttention attn1_{nullptr};
  CrossAttention attn2_{nullptr};
  SpatialMixFfn ff_{nullptr};
};
TORCH_MODULE(ImageBlock);

}  // namespace sana::model
