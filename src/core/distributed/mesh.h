// How the processes of a run share its work: the samples of a batch, the frames of a sample, and the
// weights.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "core/distributed/communicator.h"
#include "core/launch_rank.h"

namespace sana {

// A process for each triple of them.
struct MeshSizes {
  int64_t replicate = 1;  // groups of processes that have all weights among them
  int64_t shard = 1;     // processes that have a part of the weights each, and samples of their own
  int64_t sequence = 1;  // parts of a clip: processes with the same samples, each with some frames
  int64_t count() const { return replicate * shard * sequence; }
  // Of a batch: groups of processes with samples of their own.
  int64_t batch_parts() const { return replicate * shard; }
};

// `wanted.replicate` 0: what the others leave for it. Throws UserError that names the factors where
// their product is not the number of processes.
MeshSizes mesh_sizes(const MeshSizes& wanted, int64_t processes);

// Where one process stands. Those that share clips have ranks next to each other, then those that
// share weights, and so, with launchers that fill one host after the other, a host: they talk in
// every block, replicas once in a step.
//   rank = (replica * shard + part of the weights) * sequence + part of the clip
struct Mesh {
  MeshSizes sizes;
  LaunchRank samples;            // whose part of each batch this is; the same for all of `members`
  std::vector<int64_t> members;  // ranks of those that share its clips, this one included
  int64_t place = 0;             // of this one among them
  // Of the members; null where each has whole clips.
  std::unique_ptr<Communicator> sequence;
  // Of those that have the other parts of the weights, for other samples and the same part of their
  // clips; null where each has all of them.
  std::unique_ptr<Communicator> shard;
  // Of those that have the same part of the weights, where there is `shard`; null: nobody else.
  std::unique_ptr<Communicator> replicas;
};

// All processes call it, and `group` has all of them.
Mesh join_mesh(const MeshSizes& sizes, const LaunchRank& ranks, Communicator& group);

}  // namespace sana
