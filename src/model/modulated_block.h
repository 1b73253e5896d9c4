// The equation of a transformer block, shared by the video and the image model.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/util/FunctionRef.h>

#include "model/rotary_embedding.h"

namespace sana::model {

// The layers of one block, each a function of tokens [B, N, D] -> [B, N, D].
struct BlockLayers {
  using Layer = c10::function_ref<at::Tensor(const at::Tensor&)>;
  Layer self_attention, cross_attention, mix_ffn;
};

// [shift1, scale1, gate1, shift2, scale2, gate2] = table + t6
// x += gate1 * SelfAttention(LN(x)(1 + scale1) + shift1)
// x += CrossAttention(x, text)
// x += gate2 * MixFFN(LN(x)(1 + scale2) + shift2)
//   x [B, N, D]; table [6, D]; t6 [B, 1 or T, 6, D], per frame it broadcasts over the frame's
//   pixels
at::Tensor modulated_block(const at::Tensor& x, const at::Tensor& table, const at::Tensor& t6,
                           const Grid& grid, const BlockLayers& layers);

}  // namespace sana::model
