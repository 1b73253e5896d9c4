// Which samples every rank reads in every step of an epoch. All ranks work it out for themselves
// and agree, since it is a pure function of the data set and of (seed, epoch).
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "data/dataset.h"

namespace sana::data {

struct PlanSettings {
  int64_t batch_size = 1;  // of each rank
  uint64_t seed = 0;
  int64_t num_ranks = 1;
};

using SampleIndices = std::vector<int64_t>;   // of one batch
using PlanStep = std::vector<SampleIndices>;  // a batch for each rank

// The steps of one epoch, as many for every rank:
//  - a sample is drawn as often as its weight says: 2 means twice, 0.5 in every other epoch, and
//    those of one weight take turns;
//  - samples are shuffled within their bucket and cut into batches of that bucket; a last, short
//    batch is filled up with the bucket's first samples of the epoch, so none is dropped;
//  - the ranks of a step work on one bucket as far as possible, so that none waits for another;
//    what is left over of the buckets shares steps, the largest together, and the last of these
//    steps is filled up with batches of this epoch;
//  - steps are shuffled.
// Throws UserError when the weights add up to more draws than 1,000,000 and 10 for each sample.
std::vector<PlanStep> plan_epoch(const Dataset& dataset, const PlanSettings& settings,
                                 int64_t epoch);

// Times that a sample of this weight is drawn in an epoch: over the first n epochs the sum is
// within one of n times the weight. `offset` in [0, 1) says when its turn comes.
int64_t draws_in_epoch(double weight, double offset, int64_t epoch);

// Every sample exactly once, for measuring: in the order of the data set, cut into batches of one
// bucket each; the last of a bucket may be short.
std::vector<SampleIndices> batches_of_each_once(const Dataset& dataset, int64_t batch_size);

std::map<ClipSize, SampleIndices> samples_by_bucket(const Dataset& dataset);

}  // namespace sana::data
