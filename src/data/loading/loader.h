// Batches in a resumable order, read ahead by worker threads.
#pragma once
#include <cstdint>
#include <memory>

#include "core/launch_rank.h"
#include "data/dataset.h"
#include "data/loading/damaged_samples.h"

namespace sana::data {

struct LoaderOptions {
  int64_t batch_size = 1;   // of one micro-step of this process
  int64_t micro_steps = 1;  // of an optimizer step
  uint64_t seed = 0;
  int64_t num_workers = 2;
  int64_t prefetch = 4;  // batches that are being read or held ready: what bounds the memory
  LaunchRank ranks;      // that share a global batch: each reads its own part
  bool pinned = false;   // batches lie in page-locked memory
  DamageLimit damage;

  // Samples of one optimizer step, over all ranks.
  int64_t global_batch() const { return batch_size * micro_steps * ranks.count; }
};

// Endless sequence of batches from a position on: the epochs of plan_epoch, one after the other.
// Micro-step m of rank r reads the samples from (m * ranks + r) * batch_size on of each global
// batch; Batch::first_index tells. The order does not depend on the number of workers.
//
// A sample that cannot be read is replaced by another of its bucket, which depends on seed, epoch
// and sample only, and entered in the account of damaged samples. Other errors of a worker, and too
// many damaged samples, are rethrown by next().
class PrefetchLoader {
 public:
  // Throws UserError when the position is not one of this data set, or no sample is ever drawn.
  PrefetchLoader(std::shared_ptr<const Dataset> dataset, const LoaderOptions& options,
                 Position start);
  ~PrefetchLoader();

  Batch next();
  // Where the optimizer step that next() would begin stands; not to be asked between the
  // micro-steps of one.
  Position position() const;
  const DamagedSamples& damaged() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sana::data
