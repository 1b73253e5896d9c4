#include "model/causal_state.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/shape.h"

namespace sana::model {
namespace {

void check_same_sizes(const char* what, const at::Tensor& committed, const at::Tensor& added) {
  require(committed.sizes() == added.sizes(),
          "causal state: {} of this block of frames is {}, of those committed {}; all blocks of a "
          "video have one batch and one frame size",
          what, shape_string(added.sizes()), shape_string(committed.sizes()));
}

}  // namespace

void CausalState::commit(const CausalState& contribution) {
  if (blocks.empty()) {
    *this = contribution;
    return;
  }
  require(blocks.size() == contribution.blocks.size(),
          "causal state: {} transformer blocks are committed, this block of frames has {}",
          blocks.size(), contribution.blocks.size());
  for (size_t i = 0; i < blocks.size(); ++i) {
    const BlockState& added = contribution.blocks[i];
    check_same_sizes("S", blocks[i].sums.s, added.sums.s);
    check_same_sizes("tail", blocks[i].tail, added.tail);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    const BlockState& added = contribution.blocks[i];
    blocks[i] = {{blocks[i].sums.s + added.sums.s, blocks[i].sums.z + added.sums.z}, added.tail};
  }
  frames += contribution.frames;
}

int64_t CausalState::bytes() const {
  int64_t total = 0;
  for (const BlockState& block : blocks) {
    for (const at::Tensor& tensor : {block.sums.s, block.sums.z, block.tail}) {
      total += int64_t(tensor.storage().nbytes());
    }
  }
  return total;
}

}  // namespace sana::model
