// Two hosts train together, and what happens between them happens: a cable is pulled out, a host
// dies, the line is slow.
#include <chrono>
#include <filesystem>

#include "core/build_config.h"
#include "end_to_end/ranks.h"
#include "end_to_end/two_hosts.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/skip.h"

namespace {
using sana_test::contains;
using sana_test::describe;
using sana_test::Outcome;
using sana_test::Program;
using sana_test::Ranks;
using sana_test::TinyProject;
using sana_test::TwoHosts;
using Words = std::vector<std::string>;

#define SANA_SKIP_WITHOUT_NETWORK()                        \
  if (!SANA_HAS_C10D) SANA_SKIP("this build has no c10d"); \
  if (const std::string why = TwoHosts::why_not(); !why.empty()) SANA_SKIP(why)

// Ranks 0 and 1 on host a, rank 2 on host b.
void start_three(const TinyProject& project, const TwoHosts& hosts, Ranks& ranks, int64_t steps,
                 const Words& more = {}) {
  for (const int64_t rank : {0, 1, 2}) {
    ranks.start(
        rank, project.train_words("run", steps, sana_test::joined(sana_test::quick_words(), more)),
        {.host = rank < 2 ? &hosts.a() : &hosts.b()});
  }
}

TEST_CASE("hosts that do not know each other's names train together", "[end_to_end][network]") {
  SANA_SKIP_WITHOUT_NETWORK();
  const TinyProject project;
  const TwoHosts hosts;
  Ranks ranks(project, 3, 29500, hosts.a().address);
  start_three(project, hosts, ranks, 4);
  for (const int64_t rank : {0, 1, 2}) {
    const Outcome outcome = ranks.end_of(rank);
    INFO(describe(outcome));
    CHECK(outcome.exit_code == 0);
  }
  CHECK(project.newest_step("run") == 4);
}

TEST_CASE("a first host whose name leads to itself only is reached by the others",
          "[end_to_end][network]") {
  SANA_SKIP_WITHOUT_NETWORK();
  const TinyProject project;
  const TwoHosts hosts;
  Ranks ranks(project, 2, 29500, hosts.a().address);
  const Words words = project.train_words("run", 4, sana_test::quick_words());
  ranks.start(0, words, {.host = &hosts.a(), .address = "127.0.0.1"});
  ranks.start(1, words, {.host = &hosts.b()});
  for (const int64_t rank : {0, 1}) {
    const Outcome outcome = ranks.end_of(rank);
    INFO(describe(outcome));
    CHECK(outcome.exit_code == 0);
  }
}

TEST_CASE("when a cable is pulled out each side names the other", "[end_to_end][network]") {
  SANA_SKIP_WITHOUT_NETWORK();
  const TinyProject project;
  const TwoHosts hosts;
  Ranks ranks(project, 3, 29500, hosts.a().address);
  start_three(project, hosts, ranks, 1000000);
  REQUIRE(ranks.is_under_way("run"));
  hosts.cut();
  for (const int64_t rank : {0, 1}) {
    const Outcome outcome = ranks.end_of(rank);
    INFO("rank " << rank << ": " << describe(outcome));
    CHECK(outcome.exit_code == 3);
    CHECK(contains(outcome.err, "lost rank 2 on host-b"));
    CHECK(contains(outcome.err, "then: step "));
  }
  const Outcome cut_off = ranks.end_of(2);
  INFO(describe(cut_off));
  CHECK(cut_off.exit_code == 3);
  CHECK(contains(cut_off.err, "lost rank 0"));
  CHECK(contains(cut_off.err, "10.77.0.1:29500: no answer for"));
  check_goes_on(project, "run");
}

TEST_CASE("a host that does not answer is told within the timeout", "[end_to_end][network]") {
  SANA_SKIP_WITHOUT_NETWORK();
  const TinyProject project;
  const TwoHosts hosts;
  hosts.cut();
  Ranks ranks(project, 3, 29500, hosts.a().address);
  start_three(project, hosts, ranks, 4, {"parallel.timeout_s=3"});
  const Outcome there = ranks.end_of(2);
  INFO(describe(there));
  CHECK(there.exit_code == 3);
  CHECK(contains(there.err, "rank 2 of 3 on host-b cannot meet the others at 10.77.0.1:29500"));
  const Outcome here = ranks.end_of(0);
  INFO(describe(here));
  CHECK(here.exit_code == 3);
  CHECK(contains(here.err, "rank 2 did not come within 3 s"));
}

TEST_CASE("a slow line is no failure", "[end_to_end][network]") {
  SANA_SKIP_WITHOUT_NETWORK();
  const TinyProject project;
  const TwoHosts hosts;
  if (!hosts.slow_down(12000)) SANA_SKIP("this kernel cannot make a line slow (tc, tbf)");
  Ranks ranks(project, 3, 29500, hosts.a().address);
  start_three(project, hosts, ranks, 6);
  for (const int64_t rank : {0, 1, 2}) {
    const Outcome outcome = ranks.end_of(rank);
    INFO(describe(outcome));
    CHECK(outcome.exit_code == 0);
  }
}

// `launch` on one of the hosts, of one process each.
Words launched(const TinyProject& project, const TwoHosts& hosts, int node, int64_t steps) {
  return sana_test::joined({"launch", "--nproc", "1", "--nnodes", "2", "--min-nodes", "1",
                            "--node-wait", "3", "--max-restarts", "2", "--rendezvous",
                            hosts.a().address + ":29600", "--node-rank", std::to_string(node)},
                           project.train_words("run", steps, sana_test::quick_words()));
}

TEST_CASE("when a host is lost the other goes on with fewer processes", "[end_to_end][network]") {
  SANA_SKIP_WITHOUT_NETWORK();
  const TinyProject project;
  const TwoHosts hosts;
  Program first(launched(project, hosts, 0, 150), project.folder().path(),
                {.host = &hosts.a(), .name = "-a"});
  Program second(launched(project, hosts, 1, 150), project.folder().path(),
                 {.host = &hosts.b(), .name = "-b"});
  REQUIRE(first.wait_until([&] { return project.newest_step("run") >= 4; }));
  REQUIRE(project.newest_step("run") < 100);
  hosts.cut();
  const Outcome outcome = first.wait(std::chrono::seconds(100));
  INFO(describe(outcome));
  CHECK(outcome.exit_code == 0);
  CHECK(contains(outcome.err, "lost rank 1 on host-b"));
  CHECK(contains(outcome.err, "begins with 1 of 2 nodes"));
  CHECK(contains(outcome.err, "a new epoch begins"));
  CHECK(project.newest_step("run") == 150);
  const Outcome lost = second.wait(std::chrono::seconds(60));
  INFO(describe(lost));
  CHECK(lost.exit_code == 3);
  CHECK(contains(lost.err, "node 1 (host-b) has lost the launcher of node 0 at 10.77.0.1:29600"));
}

}  // namespace
