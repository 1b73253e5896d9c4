#include "core/distributed/mesh.h"

#include <ATen/ATen.h>

#include <vector>

#include "core/distributed/silent_member.h"
#include "core/distributed/thread_world.h"
#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"

namespace sana {
namespace {

using sana_test::contains;
using sana_test::message_of;

TEST_CASE("the factors of a mesh are the processes", "[distributed]") {
  CHECK(mesh_sizes({0, 1, 2}, 8).replicate == 4);
  CHECK(mesh_sizes({0, 1, 1}, 1).count() == 1);
  CHECK(mesh_sizes({3, 1, 2}, 6).sequence == 2);
  CHECK(mesh_sizes({0, 2, 2}, 8).replicate == 2);
  CHECK(mesh_sizes({2, 4, 1}, 8).batch_parts() == 8);
  const std::string product = message_of<UserError>([] { mesh_sizes({3, 1, 2}, 8); });
  for (const char* part : {"parallel.replicate=3", "parallel.sequence=2", "6", "8", "auto"}) {
    INFO(product);
    CHECK(contains(product, part));
  }
  const std::string rest = message_of<UserError>([] { mesh_sizes({0, 1, 3}, 8); });
  for (const char* part : {"parallel.sequence=3", "8 processes"}) {
    INFO(rest);
    CHECK(contains(rest, part));
  }
}

TEST_CASE("a group that does not divide the processes is told by its keys", "[distributed]") {
  const auto told = [](const MeshSizes& wanted, int64_t processes) {
    return message_of<UserError>([&] { mesh_sizes(wanted, processes); });
  };
  CHECK(contains(told({0, 4, 1}, 6), "parallel.shard=4 does not divide the 6 processes"));
  CHECK(contains(told({0, 2, 2}, 6), "parallel.shard=2 x parallel.sequence=2 does not divide"));
  CHECK(contains(told({2, 2, 1}, 8), "parallel.replicate=2 x parallel.shard=2"));
}

TEST_CASE("neighbours in rank share clips, and each group has samples of its own",
          "[distributed]") {
  std::vector<Mesh> meshes(6);
  std::vector<double> sums(6);
  ThreadWorld(6).run([&](Communicator& group) {
    Mesh mesh = join_mesh({2, 1, 3}, {group.rank(), 6, group.rank()}, group);
    sums[size_t(group.rank())] =
        mesh.sequence->all_reduce("ranks", double(group.rank()), Reduction::kSum);
    meshes[size_t(group.rank())] = std::move(mesh);
  });
  for (int64_t rank = 0; rank < 6; ++rank) {
    const Mesh& mesh = meshes[size_t(rank)];
    CHECK(mesh.samples.rank == rank / 3);
    CHECK(mesh.samples.count == 2);
    CHECK(mesh.samples.local_rank == rank);
    CHECK(mesh.place == rank % 3);
    CHECK(mesh.sequence->rank() == mesh.place);
    CHECK(mesh.members.front() == rank / 3 * 3);
    CHECK(sums[size_t(rank)] == (rank < 3 ? 0 + 1 + 2 : 3 + 4 + 5));
  }
  CHECK(join_mesh({1, 1, 1}, {}, *single_process()).sequence == nullptr);
}

TEST_CASE("processes that share weights are near, those that have the same part far",
          "[distributed]") {
  std::vector<std::vector<double>> sums(8);
  ThreadWorld(8).run([&](Communicator& group) {
    const int64_t rank = group.rank();
    // rank = (replica * 2 + part) * 2 + place
    const Mesh mesh = join_mesh({2, 2, 2}, {rank, 8, rank}, group);
    if (mesh.samples.rank != rank / 2 || mesh.samples.count != 4) throw InternalError("samples");
    for (Communicator* one : {mesh.sequence.get(), mesh.shard.get(), mesh.replicas.get()}) {
      sums[size_t(rank)].push_back(one->all_reduce("ranks", double(1 << rank), Reduction::kSum));
    }
    if (mesh.shard->rank() != rank / 2 % 2) throw InternalError("part of the weights");
  });
  CHECK(sums[0] == std::vector<double>{0b11, 0b101, 0b00110011});
  CHECK(sums[3] == std::vector<double>{0b1100, 0b1010, 0b11001100});
  CHECK(sums[6] == std::vector<double>{0b11000000, 0b01010000, 0b11001100});
  ThreadWorld(2).run([&](Communicator& group) {
    const Mesh mesh = join_mesh({1, 2, 1}, {group.rank(), 2, group.rank()}, group);
    if (mesh.sequence || mesh.replicas || !mesh.shard) throw InternalError("groups");
  });
}

TEST_CASE("a member without others counts what it would send", "[distributed]") {
  SilentMember member(1, 4);
  const at::Tensor tensor = at::empty({8}, at::device(at::kMeta).dtype(at::kFloat));
  member.all_reduce("sum", tensor);
  CHECK(member.bytes_sent() == 2 * 32 * 3 / 4);
  member.start_all_gather("gather", at::empty({32}), at::empty({8}))->wait();
  CHECK(member.bytes_sent() == 48 + 3 * 32);
  member.start_reduce_scatter("scatter", at::empty({2}), at::empty({8}))->wait();
  CHECK(member.bytes_sent() == 48 + 96 + 3 * 8);
  // To each neighbour two numbers, and one to itself.
  member.start_exchange("exchange", at::empty({5}), at::empty({5}), {2, 1, 2, 0})->wait();
  CHECK(member.bytes_sent() == 48 + 96 + 24 + 4 * 4);
}

}  // namespace
}  // namespace sana
