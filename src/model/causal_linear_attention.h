// Block-causal ReLU linear attention: a long video block by block, at a cost and in a memory that
// do not depend on what came before.
#pragma once
#include <ATen/core/Tensor.h>

#include "model/linear_attention.h"

namespace sana::model {

// For the tokens i of one block of frames:
//   o_i = rope(q_i) (S_past + S) / (q_i . (z_past + z) + eps)
// with S and z of this block's own tokens, so that they see each other and everything before.
//   q, k, v, phases as in relu_linear_attention; frame positions of the phases are absolute
//   past  sums of all earlier blocks; undefined tensors: this is the first block
//   own   receives this block's S and z, detached, unless it is null
// Returns [B, N, A, d] in the dtype of v (arXiv 2509.24695, section 3.3).
at::Tensor block_causal_linear_attention(const at::Tensor& q, const at::Tensor& k,
                                         const at::Tensor& v, const at::Tensor& phases, double eps,
                                         const AttentionSums& past, AttentionSums* own);

}  // namespace sana::model
