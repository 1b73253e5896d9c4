// Which samples every step of an epoch trains on. All processes work it out for themselves and
// agree, since it is a pure function of the data set, of the seed, the epoch and the size of the
// global batch: it does not matter how many of them share that batch.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "data/dataset.h"

namespace sana::data {

struct PlanSettings {
  int64_t global_batch = 1;  // samples of one optimizer step, over all processes and micro-steps
  uint64_t seed = 0;
};

using SampleIndices = std::vector<int64_t>;  // of one batch

// The steps of one epoch, each a global batch of one bucket:
//  - a sample is drawn as often as its weight says: 2 means twice, 0.5 in every other epoch, and
//    those of one weight take turns;
//  - the samples that a bucket draws in an epoch are shuffled and follow those of the epoch before,
//    one endless row for each bucket, which is cut into batches: what does not fill a batch is the
//    beginning of one in the next epoch, so that no sample is dropped and none is drawn twice to
//    fill up;
//  - the batches that end in this epoch are its steps, shuffled. There may be none.
// Throws UserError when the weights add up to more draws than 1,000,000 and 10 for each sample.
std::vector<SampleIndices> plan_epoch(const Dataset& dataset, const PlanSettings& settings,
                                      int64_t epoch);

// Times that a sample of this weight is drawn in an epoch: over the first n epochs the sum is
// within one of n times the weight. `offset` in [0, 1) says when its turn comes.
int64_t draws_in_epoch(double weight, double offset, int64_t epoch);

// Every sample exactly once, for measuring: in the order of the data set, cut into batches of one
// bucket each; the last of a bucket may be short.
std::vector<SampleIndices> batches_of_each_once(const Dataset& dataset, int64_t batch_size);

std::map<ClipSize, SampleIndices> samples_by_bucket(const Dataset& dataset);

}  // namespace sana::data
