#include "model/cross_attention.h"

#include <ATen/ATen.h>

#include <optional>

#include "core/shape.h"
#include "model/layers.h"

namespace sana::model {

CrossAttentionImpl::CrossAttentionImpl(int64_t dim, int64_t num_heads, bool qk_norm)
    : num_heads_(num_heads),
      to_q_(register_module("to_q", Linear(dim, dim))),
      to_k_(register_module("to_k", Linear(dim, dim))),
      to_v_(register_module("to_v", Linear(dim, dim))) {
  if (qk_norm) {
    norm_q_ = register_module("norm_q", RmsNorm(dim, 1e-5));
    norm_k_ = register_module("norm_k", RmsNorm(dim, 1e-5));
  }
  out_ = register_indexed_linear(*this, "to_out", 0, dim, dim);
}

at::Tensor CrossAttentionImpl::forward(const at::Tensor& x, const at::Tensor& text,
                                       const at::Tensor& mask) {
  const auto heads = [&](const at::Tensor& t) {
    return t.unflatten(-1, {num_heads_, -1}).transpose(1, 2);  // [B, A, N or L, d]
  };
  const at::Tensor q = heads(normalized(norm_q_, to_q_(x)));
  const at::Tensor k = heads(normalized(norm_k_, to_k_(text)));
  const at::Tensor v = heads(to_v_(text));
  const std::optional<at::Tensor> bias = mask.defined() ? std::make_optional(mask) : std::nullopt;
  const at::Tensor attended = at::scaled_dot_product_attention(q, k, v, bias);
  return out_(attended.transpose(1, 2).flatten(-2));
}

at::Tensor text_attention_mask(const std::string& what, const at::Tensor& text_mask,
                               const at::Tensor& text) {
  if (!text_mask.defined()) return {};
  check_shape(what, text_mask, {{"B", text.size(0)}, {"L", text.size(1)}});
  return text_mask.to(at::kBool).view({text.size(0), 1, 1, text.size(1)});
}

}  // namespace sana::model
