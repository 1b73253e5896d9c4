#include "model/text_encoder/gemma2/gemma2_attention.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace sana::model {
namespace {

// x [B, L, heads, D]
at::Tensor rotated(const at::Tensor& x, const Gemma2Phases& phases) {
  return at::addcmul(x * phases.cos, x.roll(x.size(-1) / 2, -1), phases.signed_sin);
}

// The lowest finite value and not -inf: a row of padding whose keys are all hidden stays finite.
double lowest(at::ScalarType dtype) {
  return dtype == at::kBFloat16 ? -double(std::numeric_limits<c10::BFloat16>::max())
                                : double(std::numeric_limits<float>::lowest());
}

}  // namespace

Gemma2Phases gemma2_phases(int64_t length, int64_t head_dim, double theta,
                           const at::TensorOptions& options) {
  const auto in_float = options.dtype(at::kFloat);
  const at::Tensor exponents = at::arange(0, head_dim, 2, in_float) / double(head_dim);
  const at::Tensor frequencies = at::reciprocal(at::pow(theta, exponents));
  const at::Tensor angles = at::arange(length, in_float).unsqueeze(1) * frequencies;  // [L, D/2]
  const at::Tensor cosine = angles.cos(), sine = angles.sin();
  return {at::cat({cosine, cosine}, -1).unsqueeze(1).to(options.dtype()),
          at::cat({-sine, sine}, -1).unsqueeze(1).to(options.dtype())};
}

at::Tensor gemma2_hidden_keys(const at::Tensor& mask, std::optional<int64_t> window) {
  const int64_t length = mask.size(1);
  const at::Tensor position = at::arange(length, mask.options().dtype(at::kLong));
  const at::Tensor lag = position.unsqueeze(1) - position;  // [L, L], query - key
  at::Tensor hidden = lag.lt(0);
  if (window && *window < length) hidden = hidden.logical_or(lag.ge(*window));
  return hidden.logical_or(mask.eq(0).view({mask.size(0), 1, 1, length}));
}

Gemma2AttentionImpl::Gemma2AttentionImpl(const Gemma2Config& config)
    : num_heads_(config.num_attention_heads),
      num_kv_heads_(config.num_key_value_heads),
      head_dim_(config.head_dim),
      scale_(1.0 / std::sqrt(config.query_pre_attn_scalar)),
      cap_(config.attn_logit_softcapping),
      q_proj_(register_module(
          "q_proj", Gemma2Weight(at::IntArrayRef{num_heads_ * head_dim_, config.hidden_size}))),
      k_proj_(register_module(
          "k_proj", Gemma2Weight(at::IntArrayRef{num_kv_heads_ * head_dim_, config.hidden_size}))),
      v_proj_(register_module(
          "v_proj", Gemma2Weight(at::IntArrayRef{num_kv_heads_ * head_dim_, config.hidden_size}))),
      o_proj_(register_module(
          "o_proj", Gemma2Weight(at::IntArrayRef{config.hidden_size, num_heads_ * head_dim_}))) {}

// query [B, K, G L, D], key [B, K, L, D] -> [B, K, G L, L]
at::Tensor Gemma2AttentionImpl::capped_scores(const at::Tensor& query,
                                              const at::Tensor& key) const {
  at::Tensor scores = at::matmul(query, key.transpose(-2, -1));
  if (cap_ == 0.0) return scores.mul_(scale_);
  return scores.mul_(scale_ / cap_).tanh_().mul_(cap_);
}

at::Tensor Gemma2AttentionImpl::forward(const at::Tensor& x, const Gemma2Phases& phases,
                                        const at::Tensor& hidden_keys) const {
  const int64_t batch = x.size(0), length = x.size(1), group = num_heads_ / num_kv_heads_;
  const auto heads = [&](const Gemma2Weight& projection, int64_t count) {
    return projection->forward(x).view({batch, length, count, head_dim_});
  };
  // The queries of one key head lie below each other, so keys and values are never repeated.
  const at::Tensor query = rotated(heads(q_proj_, num_heads_), phases)
                               .transpose(1, 2)
                               .reshape({batch, num_kv_heads_, group * length, head_dim_});
  const at::Tensor key = rotated(heads(k_proj_, num_kv_heads_), phases).transpose(1, 2);
  const at::Tensor value = heads(v_proj_, num_kv_heads_).transpose(1, 2);
  at::Tensor scores = capped_scores(query, key);
  scores.view({batch, num_heads_, length, length})
      .masked_fill_(hidden_keys, lowest(scores.scalar_type()));
  // softmax computes in float32 inside, whatever the dtype of its input.
  const at::Tensor mixed = at::matmul(at::softmax(scores, -1), value)
                               .view({batch, num_heads_, length, head_dim_})
                               .transpose(1, 2);
  return o_proj_->forward(mixed.reshape({batch, length, num_heads_ * head_dim_}));
}

}  // namespace sana::model
