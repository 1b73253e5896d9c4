// Weights of a network's blocks that are in memory only while their block computes (full sharding:
// Rajbhandari et al., "ZeRO", SC 2020, stage 3; Zhao et al., "PyTorch FSDP", VLDB 2023). The network
// says when it needs those of a block, and when it has done with them.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace sana::model {

// In which order blocks come.
enum class Direction { kForward, kBackward };

class BlockWeights {
 public:
  virtual ~BlockWeights() = default;
  // The weights of this block are whole when it returns, for what is queued on the current stream.
  virtual void need(int64_t block, Direction direction) = 0;
  // The pass in this direction has done with the block.
  virtual void done(int64_t block, Direction direction) = 0;
};

// A network that consists of blocks, one after the other, and little else.
class BlockwiseModule {
 public:
  virtual ~BlockwiseModule() = default;
  virtual int64_t num_blocks() const = 0;
  // To which block a parameter of this name belongs; none: used outside of them.
  virtual std::optional<int64_t> block_of(const std::string& parameter) const = 0;
  // From now on the weights of blocks are there when `weights` says so; null: always.
  virtual void set_block_weights(BlockWeights* weights) = 0;
};

// function(x), which computes a block, with its weights: needed before and done after it, in the
// forward pass and, where gradients are kept, in the backward pass. `weights` outlives both.
// `repeats`: it is the repetition of a forward pass within the backward pass, which needs the
// weights until its own backward pass is over.
at::Tensor with_block_weights(BlockWeights& weights, int64_t block, bool repeats,
                              const at::Tensor& x,
                              const std::function<at::Tensor(const at::Tensor&)>& function);

}  // namespace sana::model
