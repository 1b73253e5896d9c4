#include "model/transformer_block.h"

#include <ATen/ATen.h>

#include <cmath>

#include "model/modulated_block.h"
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
  const BlockState& past = context.committed;
  BlockState* own = context.contribution;
  const auto self_attention = [&](const at::Tensor& tokens) {
    return attn1_(tokens, context.phases, past.sums, own != nullptr ? &own->sums : nullptr,
                  context.part.group);
  };
  const auto cross_attention = [&](const at::Tensor& tokens) {
    return attn2_(tokens, context.text, context.text_mask);
  };
  const auto mix_ffn = [&](const at::Tensor& tokens) {
    return ff_(tokens, context.grid, past.tail, own != nullptr ? &own->tail : nullptr,
               context.part.group);
  };
  return modulated_block(x, scale_shift_table_, context.modulation, context.grid,
                         {self_attention, cross_attention, mix_ffn});
}

}  // namespace sana::model
