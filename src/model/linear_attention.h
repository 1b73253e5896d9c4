// ReLU linear self-attention: O(N) in the number of tokens, no N x N matrix.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/pimpl.h>

#include "core/distributed/communicator.h"
#include "model/linear.h"
#include "model/rms_norm.h"

namespace sana::model {

// What the keys and values of some tokens leave for every query, whatever their number.
struct AttentionSums {
  at::Tensor s;  // S = sum_j rope(k_j)^T v_j   [B, A, d, d] float32
  at::Tensor z;  // z = sum_j k_j               [B, A, d] float32
};

//   k [B, N, A, d] after ReLU, not rotated;  v [B, N, A, d];  phases [N, d/2] complex64
AttentionSums attention_sums(const at::Tensor& k, const at::Tensor& v, const at::Tensor& phases);

// The sums over the tokens of all members, each of which has the keys and values of some: two small
// tensors, however many tokens there are. One collective.
AttentionSums sums_over_members(Communicator& group, const AttentionSums& own);

// o_i = rope(q_i) S / (q_i . z + eps).   q [B, N, A, d] -> [B, N, A, d] float32
at::Tensor attend_to_sums(const at::Tensor& q, const AttentionSums& sums, const at::Tensor& phases,
                          double eps);

// o_i = rope(q_i) S / (q_i . z + eps),   S = sum_j rope(k_j)^T v_j,   z = sum_j k_j
//   q, k    [B, N, A, d] after ReLU, not rotated;  v [B, N, A, d]
//   phases  [N, d/2] complex64 (rotary_phases), or undefined: no rotation
// Returns [B, N, A, d] in the dtype of v. S [B, A, d, d] and z [B, A, d] are accumulated in float32
// whatever the inputs are. The rotation stands only in the numerator, so the denominator stays
// positive (arXiv 2509.24695, section 3.2).
at::Tensor relu_linear_attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 const at::Tensor& phases, double eps);

// The self-attention of a block: projections, RMSNorm over all heads together (the first image
// models have none), ReLU, attention.
class LinearSelfAttentionImpl : public torch::nn::Module {
 public:
  LinearSelfAttentionImpl(int64_t num_heads, int64_t head_dim, double eps, bool qk_norm = true);
  // x [B, N, D], phases [N, d/2] or undefined -> [B, N, D]
  // Block-causal pass: `past` are the sums of earlier blocks of frames (undefined: none); the sums
  // of x alone go to `own` unless it is null.
  // Sequence parallel: x are the tokens of some frames, and `group` has the others (null: x is all);
  // phases are those of the frames' places in the clip. Does not go with a block-causal pass.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& phases, const AttentionSums& past = {},
                     AttentionSums* own = nullptr, Communicator* group = nullptr);

 private:
  int64_t num_heads_;
  double eps_;
  Linear to_q_{nullptr}, to_k_{nullptr}, to_v_{nullptr};
  RmsNorm norm_q_{nullptr}, norm_k_{nullptr};  // null without qk_norm
  Linear out_{nullptr};
};
TORCH_MODULE(LinearSelfAttention);

}  // namespace sana::model
