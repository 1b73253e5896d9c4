// One block of the DiT: modulated linear self-attention, cross-attention, modulated Mix-FFN.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "model/causal_state.h"
#include "model/cross_attention.h"
#include "model/frame_part.h"
#include "model/linear_attention.h"
#include "model/mix_ffn.h"
#include "model/sana_video_config.h"

namespace sana::model {

// What a block gets beside its tokens; all of it but `committed` and `contribution` is shared by
// the blocks of one forward pass.
struct BlockContext {
  at::Tensor modulation;  // t6 [B, 1 or T, 6, D]
  at::Tensor text;        // [B, L, D]
  at::Tensor text_mask;   // [B, 1, 1, L] bool or undefined
  at::Tensor phases;      // [N, d/2]
  Grid grid;
  FramePart part;                      // sequence parallel: which frames the tokens are of
  BlockState committed;                // block-causal pass: of the earlier blocks of frames
  BlockState* contribution = nullptr;  // block-causal pass: where that of this one goes
};

class TransformerBlockImpl : public torch::nn::Module {
 public:
  explicit TransformerBlockImpl(const SanaVideoConfig& config);
  // x [B, N, D] -> [B, N, D] (modulated_block)
  at::Tensor forward(const at::Tensor& x, const BlockContext& context);

 private:
  at::Tensor scale_shift_table_;  // [6, D]
  LinearSelfAttention attn1_{nullptr};
  CrossAttention attn2_{nullptr};
  MixFfn ff_{nullptr};
};
TORCH_MODULE(TransformerBlock);

}  // namespace sana::model
