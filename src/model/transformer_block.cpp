#include "model/transformer_block.h"

#include <ATen/ATen.h>

#include <cmath>

#include "model/parameter.h"

namespace sana::model {

TransformerBlockImpl::TransformerBlockImpl(const SanaVideoConfig& config)
    : scale_shift_table_(
          register_parameter("scale_shift_table",
                             new_parameter({6, config.hidden_dim()},
                                           normal(1.0 / std::sqrt(double(config.hidden_dim())))))),
      attn1_(register_module(
          "attn1", LinearSelfAttention(config.num_heads, config.head_dim, config.attention_eps))),
      attn2_(register_module("attn2", CrossAttention(config.hidden_dim(), config.num_cross_heads))),
      ff_(register_module("ff", MixFfn(config.hidden_dim(), config.mlp_dim()))) {}

at::Tensor TransformerBlockImpl::forward(const at::Tensor& x, const BlockContext& context) {
  const Grid& grid = context.grid;
  // Per-frame modulation broadcasts over the pixels of a frame: [B, 1 or T, 1, D] each.
  const auto parts = (scale_shift_table_ + context.modulation).unsqueeze(2).unbind(3);
  const auto& [shift1, scale1, gate1] = std::tie(parts[0], parts[1], parts[2]);
  const auto& [shift2, scale2, gate2] = std::tie(parts[3], parts[4], parts[5]);
  const auto by_frame = [&](const at::Tensor& t) {
    return t.view({t.size(0), grid.frames, grid.tokens_per_frame(), t.size(-1)});
  };
  const auto flat = [&](const at::Tensor& t) { return t.view(x.sizes()); };

  const at::Tensor attention_in = flat(modulated_layer_norm(by_frame(x), shift1, scale1));
  BlockState* own = context.contribution;
  at::Tensor y =
      x + flat(gate1 * by_frame(attn1_(attention_in, context.phases, context.committed.sums,
                                       own ? &own->sums : nullptr)));
  y = y + attn2_(y, context.text, context.text_mask);
  const at::Tensor ffn_in = flat(modulated_layer_norm(by_frame(y), shift2, scale2));
  return y + flat(gate2 *
                  by_frame(ff_(ffn_in, grid, context.committed.tail, own ? &own->tail : nullptr)));
}

}  // namespace sana::model
