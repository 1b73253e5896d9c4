// How the processes of a run share its work: the samples of a batch, and the frames of a sample.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "core/distributed/communicator.h"
#include "core/launch_rank.h"

namespace sana {

// A process for each pair of them.
struct MeshSizes {
  int64_t replicate = 1;  // parts of a batch: groups of processes with samples of their own
  int64_t sequence = 1;   // parts of a clip: processes of such a group, each with some frames
  int64_t count() const { return replicate * sequence; }
};

// `replicate` 0: what the others leave for it. Throws UserError that names the factors where their
// product is not the number of processes.
MeshSizes mesh_sizes(int64_t replicate, int64_t sequence, int64_t processes);

// Where one process stands. Those that share clips have ranks next to each other, and so, with
// launchers that fill one host after the other, a host: they talk in every block, the others once
// in a step.   rank = part of the batch * sequence + part of the clip
struct Mesh {
  MeshSizes sizes;
  LaunchRank samples;            // whose part of each batch this is; the same for all of `members`
  std::vector<int64_t> members;  // ranks of those that share its clips, this one included
  int64_t place = 0;             // of this one among them
  // Of the members; null where each has whole clips.
  std::unique_ptr<Communicator> sequence;
};

// All processes call it, and `group` has all of them.
Mesh join_mesh(const MeshSizes& sizes, const LaunchRank& ranks, Communicator& group);

}  // namespace sana
