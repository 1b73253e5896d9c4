// What parallel.shard=auto is.
#pragma once
#include <cstdint>

#include "core/distributed/world.h"
#include "train/datasets.h"
#include "train/trainer_config.h"

namespace sana::train {

// Whether a training that needs so much at most is taken to fit: not all of a GPU's memory can be used.
bool fits(int64_t peak, int64_t bytes);

// Among how many of `processes` the weights have to be shared so that the training fits into `bytes`
// on each device: 1 (no full sharding) where that is enough, else the processes of a host
// (`per_host`), else all; all, too, where nothing is enough. Where config.parallel.shard is not auto,
// or replicate leaves no choice: what they say.
int64_t shard_that_fits(const TrainConfig& config, const Datasets& datasets, int64_t processes,
                        int64_t per_host, int64_t bytes);

// The same of a run that begins, for the GPUs it has; on CPUs auto is 1. All processes call it and
// get what rank 0 found.
int64_t agreed_shard(const TrainConfig& config, const World& world, c10::Device device);

}  // namespace sana::train
