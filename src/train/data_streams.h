// The streams of batches that a run draws from, by name, and whose turn it is.
#pragma once
#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/distributed/mesh.h"
#include "core/launch_rank.h"
#include "data/loading/loader.h"
#include "train/datasets.h"
#include "train/trainer_state.h"

namespace sana::train {

// One stream, as the configuration has it.
struct StreamSpec {
  std::string name;         // "videos": in checkpoints
  std::string key;          // "data.videos": in messages
  std::string loss_name;    // "loss": in the log and in metrics
  int64_t batch_size = 1;   // of a micro-step of each rank
  int64_t every_steps = 0;  // every k-th step is its turn; 0: every step that is no other's
  std::shared_ptr<const data::Dataset> dataset;
};

// Of a configuration: the first one takes the steps that are no other's.
std::vector<StreamSpec> stream_specs(const TrainConfig& config, const Datasets& datasets);

// "global batch 32 = 4 x 2 accumulated x 4 processes"; "... x 2 groups of 2 processes" where these
// share clips.
std::string global_batch_text(const StreamSpec& spec, int64_t accumulation, const MeshSizes& sizes);

// Throws UserError that lists them where the members of a group that shares clips have read other
// samples: one that a member alone cannot read would be replaced there alone, and the frames of two
// clips be taken for those of one. One small collective, on the host.
void require_same_samples(Communicator& control, const data::Batch& batch);

class DataStreams {
 public:
  // `saved`: positions of a checkpoint. A stream goes on from its own; where data set, global batch
  // or seed are others than they were, it begins an epoch that the run has not seen, with a
  // warning. `ranks`: whose part of each batch this is; `lists_damage`: damaged samples are entered
  // in the list of the run, which of those that read the same part one does. Throws UserError when
  // a position is not one of the data set.
  DataStreams(const TrainConfig& config, std::vector<StreamSpec> specs,
              const std::map<std::string, StreamState>& saved, c10::Device device,
              LaunchRank ranks = {}, bool lists_damage = true);

  // Whose turn step `number` (from 1 on) is.
  size_t due(int64_t number) const;
  const StreamSpec& spec(size_t stream) const { return streams_[stream].spec; }
  data::Batch next(size_t stream) { return streams_[stream].loader->next(); }
  size_t size() const { return streams_.size(); }

  // Positions, to be asked between steps.
  std::map<std::string, StreamState> state() const;
  // Samples that could not be read so far.
  int64_t num_damaged() const;
  // The most that batches waiting for their turn take, in bytes.
  int64_t bytes_read_ahead() const;

 private:
  struct Stream {
    StreamSpec spec;
    OrderKey order;
    std::unique_ptr<data::PrefetchLoader> loader;
  };
  std::vector<Stream> streams_;
  int64_t prefetch_;
};

}  // namespace sana::train
