#include "model/causal_linear_attention.h"

#include <ATen/ATen.h>

namespace sana::model {

at::Tensor block_causal_linear_attention(const at::Tensor& q, const at::Tensor& k,
                                         const at::Tensor& v, const at::Tensor& phases, double eps,
                                         const AttentionSums& past, AttentionSums* own) {
  const AttentionSums block = attention_sums(k, v, phases);
  if (own != nullptr) *own = {block.s.detach(), block.z.detach()};
  const AttentionSums seen =
      past.z.defined() ? AttentionSums{past.s + block.s, past.z + block.z} : block;
  return attend_to_sums(q, seen, phases, eps).to(v.scalar_type());
}

}  // namespace sana::model
