#include "core/distributed/mesh.h"

#include "core/error.h"

namespace sana {

MeshSizes mesh_sizes(int64_t replicate, int64_t sequence, int64_t processes) {
  SANA_ASSERT(replicate >= 0 && sequence >= 1 && processes >= 1);
  if (replicate == 0) {
    require(processes % sequence == 0,
            "parallel.sequence={} does not divide the {} processes of this run; start a multiple "
            "of {} of them, or change it",
            sequence, processes, sequence);
    return {processes / sequence, sequence};
  }
  require(replicate * sequence == processes,
          "parallel.replicate={} x parallel.sequence={} are {} processes, but this run has {}; "
          "start as many, or set parallel.replicate=auto",
          replicate, sequence, replicate * sequence, processes);
  return {replicate, sequence};
}

Mesh join_mesh(const MeshSizes& sizes, const LaunchRank& ranks, Communicator& group) {
  SANA_ASSERT(sizes.count() == ranks.count && group.size() == ranks.count);
  Mesh mesh;
  mesh.sizes = sizes;
  mesh.samples = {ranks.rank / sizes.sequence, sizes.replicate, ranks.local_rank};
  mesh.place = ranks.rank % sizes.sequence;
  for (int64_t i = 0; i < sizes.sequence; ++i) {
    mesh.members.push_back(ranks.rank - mesh.place + i);
  }
  // A communicator of its own: gradients travel in the other one while blocks still talk here, and
  // the two need no common order.
  if (sizes.sequence > 1) mesh.sequence = group.split("sequence", mesh.members);
  return mesh;
}

}  // namespace sana
