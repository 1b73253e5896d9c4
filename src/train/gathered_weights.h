// Weights of which each process keeps a part, made whole when they are needed: all of them from one
// step to the next (sharded optimizer), or those of a block while it computes (full sharding).
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/distributed/communicator.h"
#include "model/block_weights.h"

namespace sana::train {

class GatheredWeights final : public model::BlockWeights {
 public:
  // How long weights stay whole: all the time, or while their block computes.
  enum class Stay { kAlways, kInBlock };
  // A flat bucket of parameters.
  struct Bucket {
    at::Tensor flat;               // [size], of which the parameters are views
    std::optional<int64_t> block;  // whose; none: not of a block
  };

  // The buckets hold the weights now; `group`, which outlives this, shares each of them in equal
  // parts.
  GatheredWeights(std::vector<Bucket> buckets, Communicator& group, Stay stay);

  // Gathers new weights: this process' part of each bucket [size / processes], in any type. Returns
  // at once; what is not of a block is waited for by settle(), the rest by need(). All processes
  // call it, and none of them uses the weights meanwhile.
  void publish(const std::vector<at::Tensor>& parts);
  // Waits for what publish() began, but for blocks that need() waits for; `all`: for those, too.
  void settle(bool all);
  // A backward pass is over: blocks that are still whole are given back, where they do not stay.
  void end_pass();

  // Of the buckets that are whole all the time.
  int64_t staying_bytes() const;

  // While it is paused the module computes with other weights, and asks in vain.
  void pause(bool paused) { paused_ = paused; }

  void need(int64_t block, model::Direction direction) override;
  void done(int64_t block, model::Direction direction) override;

 private:
  enum class State { kAbsent, kComing, kThere };
  struct Whole {
    Bucket bucket;
    State state = State::kThere;
    at::Tensor part;  // that is sent; kAlways: only while it travels
    std::unique_ptr<Pending> pending;
  };

  bool leaves(const Whole& whole) const;
  void start(Whole& whole);
  void wait(Whole& whole);
  void release(Whole& whole);
  template <class Body>
  void of_block(int64_t block, Body&& body);

  std::vector<Whole> buckets_;  // in the order in which a forward pass needs them
  std::vector<size_t> order_;   // of them in publish()'s list
  int64_t num_blocks_ = 0;
  std::unique_ptr<Communicator> group_;
  Stay stay_;
  bool paused_ = false;
  bool has_run_ = false;  // a block was needed
};

}  // namespace sana::train
