// Batches in a resumable order, read ahead by worker threads.
#pragma once
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "data/batch.h"
#include "data/prepared_dataset.h"

namespace sana::data {

// Every sample exactly once, for measuring: in the order of the data set, cut into batches of one
// bucket each; the last of a bucket may be short.
std::vector<std::vector<int64_t>> batches_of_each_once(const PreparedDataset& dataset,
                                                       int64_t batch_size);

// The batches of one epoch, a pure function of its arguments: samples are shuffled within their
// bucket, cut into batches of one bucket each, and the batches are shuffled. A last, short batch of
// a bucket is filled up with that bucket's first samples of the epoch, so none is dropped.
std::vector<std::vector<int64_t>> epoch_batches(const PreparedDataset& dataset, int64_t batch_size,
                                                uint64_t seed, int64_t epoch);

struct LoaderOptions {
  int64_t batch_size = 1;
  uint64_t seed = 0;
  int64_t num_workers = 2;
  int64_t prefetch = 4;  // batches held ready
};

// Endless sequence of batches from a position on. The order does not depend on the number of
// workers. Errors of a worker are rethrown by next().
class PrefetchLoader {
 public:
  PrefetchLoader(std::shared_ptr<const PreparedDataset> dataset, const LoaderOptions& options,
                 Position start);
  ~PrefetchLoader();

  Batch next();
  // Where the batch that next() would give stands.
  Position position() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sana::data
