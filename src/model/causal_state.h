// What a long video carries from one block of frames to the next: running sums and one frame per
// transformer block, of a size that does not depend on the length of the video.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "model/linear_attention.h"

namespace sana::model {

// Of one transformer block. Undefined tensors: nothing is committed yet.
struct BlockState {
  AttentionSums sums;  // S [B, A, d, d], z [B, A, d], both float32
  at::Tensor tail;     // last frame before the temporal convolution, [B, D, 1, H'W'], model dtype
};

// A value: copies share tensors, and commit() never writes into a tensor. So a copy taken before a
// block is the way back, to generate that block again or with another prompt.
struct CausalState {
  std::vector<BlockState> blocks;  // one per transformer block; empty: nothing is committed yet
  int64_t frames = 0;              // committed so far, in frames of tokens (T / p_t)

  // Adds what one more block of frames contributes (SanaVideo::block_contribution): S and z are
  // summed, tails replaced. Throws UserError when batch or sizes differ from what is committed.
  void commit(const CausalState& contribution);

  // Memory of all its tensors.
  int64_t bytes() const;
};

}  // namespace sana::model
