#include "model/modulated_block.h"

#include <ATen/ATen.h>

#include <tuple>

#include "model/layers.h"

namespace sana::model {

at::Tensor modulated_block(const at::Tensor& x, const at::Tensor& table, const at::Tensor& t6,
                           const Grid& grid, const BlockLayers& layers) {
  const auto parts = (table + t6).unsqueeze(2).unbind(3);  // [B, 1 or T, 1, D] each
  const auto& [shift1, scale1, gate1] = std::tie(parts[0], parts[1], parts[2]);
  const auto& [shift2, scale2, gate2] = std::tie(parts[3], parts[4], parts[5]);
  const auto by_frame = [&](const at::Tensor& t) {
    return t.view({t.size(0), grid.frames, grid.tokens_per_frame(), t.size(-1)});
  };
  const auto flat = [&](const at::Tensor& t) { return t.view(x.sizes()); };

  const at::Tensor attention_in = flat(modulated_layer_norm(by_frame(x), shift1, scale1));
  at::Tensor y = x + flat(gate1 * by_frame(layers.self_attention(attention_in)));
  y = y + layers.cross_attention(y);
  const at::Tensor ffn_in = flat(modulated_layer_norm(by_frame(y), shift2, scale2));
  return y + flat(gate2 * by_frame(layers.mix_ffn(ffn_in)));
}

}  // namespace sana::model
