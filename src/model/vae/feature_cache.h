// Features carried from one frame chunk to the next when a clip is processed piece by piece.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstddef>
#include <vector>

namespace sana::model {

// One slot per temporal layer in forward order. A pass over a chunk starts with rewind() and every
// layer takes its own slot; slots are undefined at the start of a clip.
class FeatureCache {
 public:
  void rewind() { next_ = 0; }
  at::Tensor& next_slot() {
    if (next_ == slots_.size()) slots_.emplace_back();
    return slots_[next_++];
  }

 private:
  std::vector<at::Tensor> slots_;
  size_t next_ = 0;
};

}  // namespace sana::model
