#include "model/cross_attention.h"

#include <ATen/ATen.h>

#include <optional>

#include "model/layers.h"

namespace sana::model {

CrossAttentionImpl::CrossAttentionImpl(int64_t dim, int64_t num_heads)
    : num_heads_(num_heads),
      to_q_(register_module("to_q", Linear(dim, dim))),
      to_k_(register_module("to_k", Linear(dim, dim))),
      to_v_(register_module("to_v", Linear(dim, dim))),
      norm_q_(register_module("norm_q", RmsNorm(dim, 1e-5))),
      norm_k_(register_module("norm_k", RmsNorm(dim, 1e-5))),
      out_(register_indexed_linear(*this, "to_out", 0, dim, dim)) {}

at::Tensor CrossAttentionImpl::forward(const at::Tensor& x, const at::Tensor& text,
                                       const at::Tensor& mask) {
  const auto heads = [&](const at::Tensor& t) {
    return t.unflatten(-1, {num_heads_, -1}).transpose(1, 2);  // [B, A, N or L, d]
  };
  const at::Tensor q = heads(norm_q_(to_q_(x)));
  const at::Tensor k = heads(norm_k_(to_k_(text)));
  const at::Tensor v = heads(to_v_(text));
  const std::optional<at::Tensor> bias = mask.defined() ? std::make_optional(mask) : std::nullopt;
  const at::Tensor attended = at::scaled_dot_product_attention(q, k, v, bias);
  return out_(attended.transpose(1, 2).flatten(-2));
}

}  // namespace sana::model
