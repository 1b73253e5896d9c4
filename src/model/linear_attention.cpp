#include "model/linear_attention.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "model/causal_linear_attention.h"
#include "model/frame_part.h"
#include "model/layers.h"
#include "model/rotary_embedding.h"

namespace sana::model {

AttentionSums attention_sums(const at::Tensor& k, const at::Tensor& v, const at::Tensor& phases) {
  const at::Tensor k32 = k.to(at::kFloat);
  const at::Tensor k_rotated = apply_rotary(k32, phases).permute({0, 2, 3, 1});  // [B, A, d, N]
  return {at::matmul(k_rotated, v.to(at::kFloat).transpose(1, 2)), k32.sum(1)};
}

AttentionSums sums_over_members(Communicator& group, const AttentionSums& own) {
  const at::Tensor both = at::cat({own.s, own.z.unsqueeze(-1)}, -1);  // [B, A, d, d + 1]
  const at::Tensor sums = sum_over_members(group, "attention sums", both);
  return {sums.narrow(-1, 0, own.s.size(-1)), sums.select(-1, own.s.size(-1))};
}

at::Tensor attend_to_sums(const at::Tensor& q, const AttentionSums& sums, const at::Tensor& phases,
                          double eps) {
  const at::Tensor q32 = q.to(at::kFloat);
  const at::Tensor q_rotated = apply_rotary(q32, phases).transpose(1, 2);          // [B, A, N, d]
  const at::Tensor denominator = (q32 * sums.z.unsqueeze(1)).sum(-1, true) + eps;  // [B, N, A, 1]
  return at::matmul(q_rotated, sums.s).transpose(1, 2) / denominator;
}

at::Tensor relu_linear_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 const at::Tensor& phases, double eps) {
  return attend_to_sums(q, attention_sums(k, v, phases), phases, eps).to(v.scalar_type());
}

LinearSelfAttentionImpl::LinearSelfAttentionImpl(int64_t num_heads, int64_t head_dim, double eps,
                                                 bool qk_norm)
    : num_heads_(num_heads), eps_(eps) {
  const int64_t dim = num_heads * head_dim;
  to_q_ = register_module("to_q", Linear(dim, dim, false));
  to_k_ = register_module("to_k", Linear(dim, dim, false));
  to_v_ = register_module("to_v", Linear(dim, dim, false));
  if (qk_norm) {
    norm_q_ = register_module("norm_q", RmsNorm(dim, 1e-5));
    norm_k_ = register_module("norm_k", RmsNorm(dim, 1e-5));
  }
  out_ = register_indexed_linear(*this, "to_out", 0, dim, dim);
}

at::Tensor LinearSelfAttentionImpl::forward(const at::Tensor& x, const at::Tensor& phases,
                                            const AttentionSums& past, AttentionSums* own,
                                            Communicator* group) {
  const auto heads = [&](const at::Tensor& t) { return t.unflatten(-1, {num_heads_, -1}); };
  const at::Tensor q = heads(at::relu(normalized(norm_q_, to_q_(x))));  // [B, N, A, d]
  const at::Tensor k = heads(at::relu(normalized(norm_k_, to_k_(x))));
  const at::Tensor v = heads(to_v_(x));
  const bool is_causal = past.z.defined() || own != nullptr;
  SANA_ASSERT(!is_causal || group == nullptr);
  at::Tensor attended;  // [B, N, A, d]
  if (group != nullptr) {
    const AttentionSums sums = sums_over_members(*group, attention_sums(k, v, phases));
    attended = attend_to_sums(q, sums, phases, eps_).to(v.scalar_type());
  } else if (is_causal) {
    attended = block_causal_linear_attention(q, k, v, phases, eps_, past, own);
  } else {
    attended = relu_linear_attention(q, k, v, phases, eps_);
  }
  return out_(attended.flatten(-2));
}

}  // namespace sana::model
