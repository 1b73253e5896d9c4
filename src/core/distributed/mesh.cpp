#include "core/distributed/mesh.h"

#include <string>

#include "core/error.h"

namespace sana {
namespace {

// The keys that make a group of processes.
std::string group_text(const MeshSizes& sizes) {
  if (sizes.shard == 1) return fmt::format("parallel.sequence={}", sizes.sequence);
  const std::string shard = fmt::format("parallel.shard={}", sizes.shard);
  return sizes.sequence == 1 ? shard
                             : fmt::format("{} x parallel.sequence={}", shard, sizes.sequence);
}

}  // namespace

MeshSizes mesh_sizes(const MeshSizes& wanted, int64_t processes) {
  const auto& [replicate, shard, sequence] = wanted;
  SANA_ASSERT(replicate >= 0 && shard >= 1 && sequence >= 1 && processes >= 1);
  if (replicate == 0) {
    const int64_t group = shard * sequence;
    require(processes % group == 0,
            "{} does not divide the {} processes of this run; start a multiple of {} of them, or "
            "change it",
            group_text(wanted), processes, group);
    return {processes / group, shard, sequence};
  }
  require(wanted.count() == processes,
          "parallel.replicate={} x parallel.shard={} x parallel.sequence={} are {} processes, but "
          "this run has {}; start as many, or set parallel.replicate=auto",
          replicate, shard, sequence, wanted.count(), processes);
  return wanted;
}

Mesh join_mesh(const MeshSizes& sizes, const LaunchRank& ranks, Communicator& group) {
  SANA_ASSERT(sizes.count() == ranks.count && group.size() == ranks.count);
  Mesh mesh;
  mesh.sizes = sizes;
  mesh.samples = {ranks.rank / sizes.sequence, sizes.batch_parts(), ranks.local_rank};
  mesh.place = ranks.rank % sizes.sequence;
  for (int64_t i = 0; i < sizes.sequence; ++i) {
    mesh.members.push_back(ranks.rank - mesh.place + i);
  }
  // Communicators of their own: gradients travel in one while blocks still talk in another, and
  // they need no common order.
  if (sizes.sequence > 1) mesh.sequence = group.split("sequence", mesh.members);
  if (sizes.shard == 1) return mesh;
  std::vector<int64_t> parts, replicas;
  const int64_t whole = sizes.shard * sizes.sequence;  // processes of a replica
  for (int64_t rank = 0; rank < sizes.count(); ++rank) {
    const int64_t part = rank % whole / sizes.sequence;
    const bool same_replica = rank / whole == ranks.rank / whole;
    if (same_replica && rank % sizes.sequence == mesh.place) parts.push_back(rank);
    if (part == ranks.rank % whole / sizes.sequence) replicas.push_back(rank);
  }
  mesh.shard = group.split("shard", parts);
  if (replicas.size() > 1) mesh.replicas = group.split("replicas", replicas);
  return mesh;
}

}  // namespace sana
