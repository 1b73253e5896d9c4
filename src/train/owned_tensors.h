// Which of the processes that save a checkpoint together writes which tensors, and how it comes by
// them: each writes whole tensors, about as many bytes as the others.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/distributed/communicator.h"
#include "core/safetensors.h"
#include "train/host_copies.h"
#include "train/parameter_buckets.h"

namespace sana::train {

// How the values that belong to a module's trained parameters (weights, averages, moments) lie on
// the processes. What it refers to outlives it.
struct TrainedLayout {
  const std::vector<std::string>& names;
  const std::vector<at::Tensor>& parameters;  // in the same order: their shapes
  const ParameterBuckets& buckets;            // empty: one process
  // Whose members hold a part of every bucket each: the values are this process' parts [size / n],
  // in the order of the buckets. null: each process has all, in the order of the names.
  Communicator* parts = nullptr;
};

// One of those that write. They have all tensors among them.
struct Writer {
  int64_t rank = 0;
  int64_t count = 1;
  bool writes = true;  // false: others with the same tensors do
};

// The tensors of one file of a checkpoint that this process writes.
struct SavedPart {
  std::string file;                // "model.safetensors", whoever writes how much of it
  TensorMap tensors;               // on the host; none: this process writes no shard of it
  int64_t number = 0, shards = 1;  // this process' one, from 1 on, of how many there are
  std::vector<std::string> names;  // of all tensors of all processes
  Metadata metadata = {};

  // "model.safetensors" where there is one, else "model-00001-of-00002.safetensors".
  std::string name_of_shard() const;
};

// The same on all writers: it follows from shapes alone.
class OwnedTensors {
 public:
  // `fixed`: what does not change, of which every process has all.
  OwnedTensors(const TrainedLayout& layout, const TensorMap& fixed, const Writer& me);

  // Values of all trained parameters, whose names in the file begin with `prefix`.
  struct Values {
    std::string prefix;
    const std::vector<at::Tensor>& values;
  };
  // What this process writes of the file that holds these values, and `others`, of which every
  // process has all: those of `fixed`, or for the first writer. Copied into `copies`, whose wait()
  // is still to be called. Where the values lie in parts all members of the group call it, and
  // each that writes is sent its buckets: on the device there is room for two buckets at a time.
  SavedPart take(const std::string& file, const std::vector<Values>& values,
                 const TensorMap& others, HostCopies& copies) const;

  // Who writes the parameters of a bucket.
  int64_t owner_of_bucket(size_t bucket) const { return bucket_owners_.at(bucket); }

 private:
  int64_t owner_of_other(const std::string& name) const;
  void take_own(const std::string& file, const Values& values, HostCopies& copies,
                TensorMap& tensors) const;
  void take_parts(const std::string& file, const Values& values, HostCopies& copies,
                  TensorMap& tensors) const;
  at::Tensor exchanged(const std::vector<at::Tensor>& values, size_t round) const;

  TrainedLayout layout_;
  Writer me_;
  std::vector<int64_t> bucket_owners_;
  std::map<std::string, int64_t> fixed_owners_;
  // Of each writer: its buckets, the largest first. One of each travels in a round.
  std::vector<std::vector<size_t>> buckets_of_;
};

}  // namespace sana::train
