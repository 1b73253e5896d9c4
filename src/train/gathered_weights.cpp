#include "train/gathered_weights.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "core/memory/storage.h"

namespace sana::train {
namespace {

// A communicator of its own: weights travel while gradients do, and the two need no common order.
std::unique_ptr<Communicator> own_group(Communicator& group) {
  std::vector<int64_t> members(size_t(group.size()));
  std::iota(members.begin(), members.end(), 0);
  return group.split("weights", members);
}

}  // namespace

GatheredWeights::GatheredWeights(std::vector<Bucket> buckets, Communicator& group, Stay stay)
    : order_(buckets.size()), group_(own_group(group)), stay_(stay) {
  std::iota(order_.begin(), order_.end(), 0);
  std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) {
    return buckets[a].block.value_or(-1) < buckets[b].block.value_or(-1);
  });
  for (const size_t b : order_) {
    num_blocks_ = std::max(num_blocks_, buckets[b].block.value_or(-1) + 1);
    buckets_.push_back({std::move(buckets[b]), State::kThere, {}, nullptr});
  }
}

bool GatheredWeights::leaves(const Whole& whole) const {
  return stay_ == Stay::kInBlock && whole.bucket.block.has_value();
}

void GatheredWeights::publish(const std::vector<at::Tensor>& parts) {
  SANA_ASSERT(parts.size() == buckets_.size());
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    Whole& whole = buckets_[i];
    wait(whole);
    const at::Tensor& part = parts[order_[i]];
    const auto dtype = whole.bucket.flat.scalar_type();
    if (!leaves(whole)) {
      // Not a view of what it is gathered into.
      whole.part = part.to(dtype, /*non_blocking=*/true, /*copy=*/true);
      whole.state = State::kAbsent;
      start(whole);
      continue;
    }
    if (part.scalar_type() == dtype) {
      whole.part = part;
    } else if (whole.part.defined()) {
      whole.part.copy_(part);
    } else {
      whole.part = part.to(dtype);
    }
    release(whole);
  }
  // The first block is needed next; before the first step it is not known on which stream.
  if (has_run_) of_block(0, [&](Whole& whole) { start(whole); });
}

void GatheredWeights::settle(bool all) {
  for (Whole& whole : buckets_) {
    if (all || !whole.bucket.block) wait(whole);
  }
}

void GatheredWeights::end_pass() {
  for (Whole& whole : buckets_) {
    if (!leaves(whole)) continue;
    wait(whole);
    release(whole);
  }
}

int64_t GatheredWeights::staying_bytes() const {
  int64_t bytes = 0;
  for (const Whole& whole : buckets_) {
    if (!leaves(whole)) bytes += int64_t(whole.bucket.flat.nbytes());
  }
  return bytes;
}

void GatheredWeights::need(int64_t block, model::Direction direction) {
  if (paused_) return;
  has_run_ = true;
  of_block(block, [&](Whole& whole) {
    start(whole);
    wait(whole);
  });
  const int64_t next = direction == model::Direction::kForward ? block + 1 : block - 1;
  of_block(next, [&](Whole& whole) { start(whole); });
}

void GatheredWeights::done(int64_t block, model::Direction direction) {
  // The backward pass begins with the last block.
  const bool turns = direction == model::Direction::kForward && block + 1 == num_blocks_;
  if (paused_ || turns) return;
  of_block(block, [&](Whole& whole) { release(whole); });
}

void GatheredWeights::start(Whole& whole) {
  if (whole.state != State::kAbsent) return;
  const at::NoGradGuard no_grad;
  if (leaves(whole)) restore_storage(whole.bucket.flat);
  whole.pending = group_->start_all_gather("weights", whole.bucket.flat, whole.part);
  whole.state = State::kComing;
}

void GatheredWeights::wait(Whole& whole) {
  if (whole.state != State::kComing) return;
  whole.pending->wait();
  whole.pending.reset();
  if (!leaves(whole)) whole.part = at::Tensor();
  whole.state = State::kThere;
}

void GatheredWeights::release(Whole& whole) {
  if (!leaves(whole) || whole.state != State::kThere) return;
  release_storage(whole.bucket.flat);
  whole.state = State::kAbsent;
}

template <class Body>
void GatheredWeights::of_block(int64_t block, Body&& body) {
  for (Whole& whole : buckets_) {
    if (whole.bucket.block == block) body(whole);
  }
}

}  // namespace sana::train
