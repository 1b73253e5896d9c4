#include <ATen/ATen.h>

#include <cstdlib>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include "core/build_config.h"
#include "core/distributed/table.h"
#include "core/distributed/thread_world.h"
#include "core/distributed/timed_communicator.h"
#include "core/distributed/world.h"
#include "core/error.h"
#include "support/catch.h"
#include "support/errors.h"

namespace sana {
namespace {

using sana_test::contains;
using sana_test::message_of;

// What every way of communicating must do. Called by each member; false where something is wrong
// (assertions of Catch2 belong to one thread).
bool does_all(Communicator& group) {
  const int64_t rank = group.rank(), size = group.size();
  bool ok = true;
  const auto check = [&](bool condition) { ok = ok && condition; };

  at::Tensor sum = at::arange(6, at::kFloat) + double(rank);
  group.all_reduce("sum", sum);
  check(at::equal(sum, at::arange(6, at::kFloat) * double(size) + double(size * (size - 1)) / 2));
  check(group.all_reduce("max", double(rank), Reduction::kMax) == double(size - 1));
  check(group.all_reduce("min", double(rank), Reduction::kMin) == 0);

  at::Tensor part = at::empty({2}, at::kFloat);
  const at::Tensor whole = at::arange(2 * size, at::kFloat);
  group.start_reduce_scatter("scatter", part, whole.clone())->wait();
  check(at::equal(part, whole.narrow(0, 2 * rank, 2) * double(size)));
  at::Tensor gathered = at::empty({2 * size}, at::kFloat);
  group.start_all_gather("gather", gathered, part)->wait();
  check(at::equal(gathered, whole * double(size)));

  // r + s + 1 numbers between members r and s: from each, its rank.
  std::vector<int64_t> counts;
  std::vector<at::Tensor> from_all;
  for (int64_t r = 0; r < size; ++r) {
    counts.push_back(r == rank && rank > 0 ? 0 : r + rank + 1);
    from_all.push_back(at::full({counts.back()}, double(r), at::kBFloat16));
  }
  const at::Tensor expected = at::cat(from_all), received = at::empty_like(expected);
  group.start_exchange("exchange", received, at::full_like(expected, double(rank)), counts)->wait();
  check(at::equal(received, expected));

  at::Tensor told = at::full({3}, double(rank));
  group.start_broadcast("tell", told, size - 1)->wait();
  check(at::equal(told, at::full({3}, double(size - 1))));
  group.barrier("all here");

  // Several under way at once.
  std::vector<at::Tensor> tensors;
  std::vector<std::unique_ptr<Pending>> pending;
  for (int i = 0; i < 5; ++i) {
    tensors.push_back(at::full({100}, double(i), at::kFloat));
    pending.push_back(group.start_all_reduce("many", tensors.back(), Reduction::kSum));
  }
  for (auto& p : pending) p->wait();
  for (int i = 0; i < 5; ++i)
    check(tensors[size_t(i)][7].item<double>() == double(i) * double(size));

  const auto texts = group.gather_text("texts", std::string(size_t(rank) * 3, char('a' + rank)));
  for (int64_t r = 0; r < size; ++r) {
    check(texts.at(size_t(r)) == std::string(size_t(r) * 3, char('a' + r)));
  }
  check(group.gather_text("nothing", "").size() == size_t(size));

  if (size < 4) return ok;
  const std::vector<int64_t> half =
      rank % 2 == 0 ? std::vector<int64_t>{0, 2} : std::vector<int64_t>{1, 3};
  if (rank > 3) return ok;
  const auto pair = group.split("halves", half);
  check(pair->size() == 2 && pair->rank() == rank / 2);
  check(pair->all_reduce("pair", double(rank), Reduction::kSum) == double(half[0] + half[1]));
  return ok;
}

TEST_CASE("a process alone communicates with itself", "[distributed]") {
  CHECK(does_all(*single_process()));
}

TEST_CASE("threads communicate", "[distributed]") {
  for (const int64_t size : {2, 3, 4}) {
    std::vector<int> ok(size_t(size), 0);
    ThreadWorld(size).run([&](Communicator& group) { ok[size_t(group.rank())] = does_all(group); });
    CHECK(ok == std::vector<int>(size_t(size), 1));
  }
}

TEST_CASE("a group that is timed says everything as it is", "[distributed]") {
  std::vector<int> ok(4, 0);
  ThreadWorld(4).run([&](Communicator& group) {
    ok[size_t(group.rank())] = does_all(*timed(group, std::make_shared<WaitClock>(c10::kCPU)));
  });
  CHECK(ok == std::vector<int>(4, 1));
}

TEST_CASE("who is missing, or elsewhere, is told", "[distributed]") {
  ThreadWorld late(2, std::chrono::milliseconds(50));
  const std::string missing = message_of<EnvironmentError>([&] {
    late.run([](Communicator& group) {
      if (group.rank() == 0) group.all_reduce("gradients", at::ones({1}));
    });
  });
  CHECK(contains(missing, "gradients"));
  CHECK(contains(missing, "rank 1"));
  const std::string elsewhere = message_of<EnvironmentError>([] {
    ThreadWorld(2).run([](Communicator& group) {
      group.all_reduce(group.rank() == 0 ? "gradients" : "losses", at::ones({1}));
    });
  });
  CHECK(contains(elsewhere, "gradients"));
  CHECK(contains(elsewhere, "losses"));
}

TEST_CASE("what differs between processes is listed by rank and host", "[distributed]") {
  const std::string message = message_of<UserError>([] {
    ThreadWorld(3).run([](Communicator& group) {
      require_same(group, "the program", "0.2.0");
      require_same(group, "the configuration", group.rank() == 1 ? "b" : "a");
    });
  });
  for (const char* part :
       {"the configuration", "rank 0 on ", "rank 2 on ", ": a", "rank 1 on ", ": b"}) {
    INFO(message);
    CHECK(contains(message, part));
  }
}

// Environment variables for the life of the object.
class Environment {
 public:
  using Values = std::vector<std::pair<const char*, const char*>>;
  explicit Environment(const Values& values) {
    for (const auto& [name, value] : values) {
      names_.push_back(name);
      ::setenv(name, value, 1);
    }
  }
  ~Environment() {
    for (const char* name : names_) ::unsetenv(name);
  }

 private:
  std::vector<const char*> names_;
};

TEST_CASE("processes meet where their launcher says", "[distributed]") {
  const LaunchRank ranks = {1, 4, 1};
  CHECK(find_rendezvous(ranks).host == "127.0.0.1");
  {
    const Environment torchrun(
        Environment::Values{{"MASTER_ADDR", "node7"}, {"MASTER_PORT", "1234"}});
    CHECK(find_rendezvous(ranks).host == "node7");
    CHECK(find_rendezvous(ranks).port == 1234);
  }
  for (const auto& [list, first] : std::vector<std::pair<const char*, const char*>>{
           {"node[03-07,12],other", "node03"}, {"a,b", "a"}, {"gpu-1", "gpu-1"}, {"n[5]", "n5"}}) {
    const Environment slurm(
        Environment::Values{{"SLURM_JOB_NODELIST", list}, {"SLURM_JOB_ID", "20007"}});
    CHECK(find_rendezvous(ranks).host == first);
    CHECK(find_rendezvous(ranks).port == 20007);
  }
  const Environment mpi(Environment::Values{{"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}});
  CHECK(contains(message_of<UserError>([&] { find_rendezvous(ranks); }), "MASTER_ADDR"));
  const Environment wrong(Environment::Values{{"MASTER_PORT", "many"}});
  CHECK(contains(message_of<UserError>([&] { find_rendezvous(ranks); }), "MASTER_PORT"));
}

#if SANA_HAS_C10D
c10::Device on_cpu() { return c10::kCPU; }

TEST_CASE("processes communicate through c10d", "[distributed]") {
  const Environment here(
      Environment::Values{{"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", "29517"}});
  constexpr int64_t kSize = 4;
  std::vector<int> ok(kSize, 0);
  std::vector<std::thread> members;
  for (int64_t rank = 0; rank < kSize; ++rank) {
    members.emplace_back([&, rank] {
      try {
        const World world = join_world({rank, kSize, rank}, on_cpu, {std::chrono::seconds(30), {}});
        ok[size_t(rank)] = does_all(*world.control) && does_all(*world.data);
        world.control->barrier("end");
      } catch (const std::exception& error) {
        ok[size_t(rank)] = -1;
      }
    });
  }
  for (std::thread& member : members) member.join();
  CHECK(ok == std::vector<int>(kSize, 1));
}

TEST_CASE("processes meet at a table that another program holds", "[distributed]") {
  const Environment agent(Environment::Values{{"MASTER_ADDR", "127.0.0.1"},
                                              {"MASTER_PORT", "29519"},
                                              {"TORCHELASTIC_USE_AGENT_STORE", "True"},
                                              {"TORCHELASTIC_RESTART_COUNT", "2"}});
  const auto held =
      open_table({"127.0.0.1", 29519, ""}, /*is_holder=*/true, std::chrono::seconds(5));
  std::vector<int> ok(2, 0);
  std::vector<std::thread> members;
  for (int64_t rank = 0; rank < 2; ++rank) {
    members.emplace_back([&, rank] {
      try {
        World world = join_world({rank, 2, rank}, on_cpu, {std::chrono::seconds(30), {}});
        run_together(world, [&] { ok[size_t(rank)] = does_all(*world.control); });
      } catch (const std::exception& error) {
        ok[size_t(rank)] = -1;
      }
    });
  }
  for (std::thread& member : members) member.join();
  CHECK(ok == std::vector<int>(2, 1));
  // Of this start only.
  CHECK(held->find("/worker/attempt_2/beat/1"));
  CHECK_FALSE(held->find("beat/1"));
}

TEST_CASE("an error of one member's work reaches the others at once", "[distributed]") {
  const Environment here(
      Environment::Values{{"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", "29520"}});
  std::vector<std::string> messages(3);
  std::vector<std::thread> members;
  const auto start = std::chrono::steady_clock::now();
  for (int64_t rank = 0; rank < 3; ++rank) {
    members.emplace_back([&, rank] {
      try {
        World world = join_world({rank, 3, rank}, on_cpu, {std::chrono::seconds(60), {}});
        run_together(world, [&] {
          world.control->barrier("all here");
          if (rank == 2) throw UserError("the data of rank 2 are wrong");
          while (true) world.control->barrier("the next step");
        });
      } catch (const UserError& error) {
        messages[size_t(rank)] = error.what();
      } catch (const std::exception& error) {
        messages[size_t(rank)] = std::string("another error: ") + error.what();
      }
    });
  }
  for (std::thread& member : members) member.join();
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
  CHECK(messages[2] == "the data of rank 2 are wrong");
  for (const size_t rank : {0, 1}) {
    INFO(messages[rank]);
    CHECK(contains(messages[rank], "rank 2 on "));
    CHECK(contains(messages[rank], " failed: the data of rank 2 are wrong"));
    CHECK_FALSE(contains(messages[rank], "another error"));
  }
}

TEST_CASE("a collective that never ends does not keep a process that knows of a failure",
          "[distributed]") {
  const Environment here(
      Environment::Values{{"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", "29521"}});
  std::promise<void> waiter_ended;
  const auto ended = waiter_ended.get_future();
  JoinOptions patient{std::chrono::seconds(60), {}};
  patient.watch.grace = patient.watch.grace_to_end = std::chrono::seconds(120);
  std::thread waiter([&] {
    try {
      World world = join_world({0, 2, 0}, on_cpu, patient);
      run_together(world, [&] {
        // What the other one never begins; its connection stays open.
        const auto begun = world.data->start_all_gather("half", at::empty({2}), at::ones({1}));
        while (true) {
          world.watchdog->throw_if_failed();
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
      });
    } catch (const std::exception& error) {
    }
    waiter_ended.set_value();
  });
  bool is_in_time = false;
  {
    World world = join_world({1, 2, 1}, on_cpu, patient);
    try {
      run_together(world, [] { throw UserError("the data of rank 1 are wrong"); });
    } catch (const UserError& error) {
    }
    is_in_time = ended.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
  }
  CHECK(is_in_time);
  waiter.join();
}

TEST_CASE("a host where nobody waits is an error that names it", "[distributed]") {
  const Environment nowhere(
      Environment::Values{{"MASTER_ADDR", "127.0.0.1"}, {"MASTER_PORT", "29518"}});
  const std::string message = message_of<EnvironmentError>([] {
    join_world({1, 2, 1}, on_cpu, {std::chrono::seconds(1), {}});
  });
  for (const char* part : {"rank 1 of 2", "127.0.0.1:29518", "MASTER_PORT"}) {
    INFO(message);
    CHECK(contains(message, part));
  }
}
#endif

}  // namespace
}  // namespace sana
