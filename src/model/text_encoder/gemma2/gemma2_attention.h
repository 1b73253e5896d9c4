// Gemma-2's attention: grouped query heads, half-rotation phases, capped scores, causal.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <cstdint>
#include <optional>

#include "model/text_encoder/gemma2/gemma2_config.h"
#include "model/text_encoder/gemma2/gemma2_layers.h"

namespace sana::model {

// Rotary phases of positions 0..L-1 for x * cos + roll(x, D/2) * signed_sin, [L, 1, D] each: with
// the sign of its first half turned, the sine serves the rolled x in place of concat(-x2, x1).
struct Gemma2Phases {
  at::Tensor cos, signed_sin;
};

// Angles position * theta^(-2j/D) in float32, then in `options`.
Gemma2Phases gemma2_phases(int64_t length, int64_t head_dim, double theta,
                           const at::TensorOptions& options);

// Which keys are hidden: [B, 1, L, L] bool, true where key > query, where mask [B, L] is 0, or
// where query - key >= window.
at::Tensor gemma2_hidden_keys(const at::Tensor& mask, std::optional<int64_t> window);

// o = softmax(cap * tanh(q k^T / (sqrt(s) cap))) v.   x [B, L, E] -> [B, L, E]
class Gemma2AttentionImpl : public torch::nn::Module {
 public:
  explicit Gemma2AttentionImpl(const Gemma2Config& config);
  // hidden_keys as above. A query whose keys are all hidden gets their plain mean.
  at::Tensor forward(const at::Tensor& x, const Gemma2Phases& phases,
                     const at::Tensor& hidden_keys) const;

 private:
  at::Tensor capped_scores(const at::Tensor& query, const at::Tensor& key) const;

  int64_t num_heads_, num_kv_heads_, head_dim_;
  double scale_, cap_;
  Gemma2Weight q_proj_, k_proj_, v_proj_, o_proj_;
};
TORCH_MODULE(Gemma2Attention);

}  // namespace sana::model
