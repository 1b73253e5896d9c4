// What happens to all processes of a training when something happens to one. No launcher is there
// that would end the others: each has to find out by itself.
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "core/build_config.h"
#include "end_to_end/ranks.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/skip.h"
#include "unit/train/tiny_run.h"

namespace {
namespace fs = std::filesystem;
using sana_test::check_goes_on;
using sana_test::contains;
using sana_test::describe;
using sana_test::joined;
using sana_test::Listener;
using sana_test::Outcome;
using sana_test::quick_words;
using sana_test::Ranks;
using sana_test::TinyProject;
using sana_test::unused_port;
using Words = std::vector<std::string>;

#define SANA_SKIP_WITHOUT_C10D() \
  if (!SANA_HAS_C10D) SANA_SKIP("this build has no c10d")

TEST_CASE("a process that hangs is named by the others, which end", "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  Ranks ranks(project, 3);
  ranks.start_all("run", 1000000);
  REQUIRE(ranks.is_under_way("run"));
  int64_t stopped = 1;
  SECTION("rank 1") {}
  SECTION("rank 0, which holds the table") { stopped = 0; }
  ranks.of(stopped).send(SIGSTOP);
  for (const int64_t rank : {0, 1, 2}) {
    if (rank == stopped) continue;
    const Outcome outcome = ranks.end_of(rank);
    INFO("rank " << rank << ": " << describe(outcome));
    CHECK(outcome.signal == 0);
    CHECK(outcome.exit_code == 3);
    CHECK(contains(outcome.err, "lost rank " + std::to_string(stopped)));
    CHECK(contains(outcome.err, "newest checkpoint"));
    if (stopped == 1) {
      CHECK(contains(outcome.err, "then: step "));
      CHECK_FALSE(contains(outcome.err, "lost rank " + std::to_string(2 - rank)));
    }
  }
  ranks.of(stopped).send(SIGKILL);
  ranks.of(stopped).wait();
  check_goes_on(project, "run");
}

TEST_CASE("a process that was stopped for a while suspects nobody", "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  Ranks ranks(project, 2);
  ranks.start_all("run", 1000000, {"parallel.silence_s=30"});
  REQUIRE(ranks.is_under_way("run"));
  ranks.of(1).send(SIGSTOP);
  std::this_thread::sleep_for(std::chrono::seconds(2));
  ranks.of(1).send(SIGCONT);
  const auto size = fs::file_size(project.path("run/metrics.jsonl"));
  REQUIRE(ranks.of(0).wait_until(
      [&] { return fs::file_size(project.path("run/metrics.jsonl")) > size + 2000; }));
  ranks.of(1).send(SIGTERM);
  for (const int64_t rank : {0, 1}) CHECK(ranks.end_of(rank).exit_code == 143);
}

TEST_CASE("a process that dies is named by the others, which end", "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  Ranks ranks(project, 3);
  ranks.start_all("run", 1000000, {"parallel.silence_s=20"});
  REQUIRE(ranks.is_under_way("run"));
  int64_t killed = 2;
  SECTION("rank 2") {}
  SECTION("rank 0") { killed = 0; }
  ranks.of(killed).send(SIGKILL);
  const auto start = std::chrono::steady_clock::now();
  for (const int64_t rank : {0, 1, 2}) {
    if (rank == killed) continue;
    const Outcome outcome = ranks.end_of(rank);
    INFO("rank " << rank << ": " << describe(outcome));
    CHECK(outcome.exit_code == 3);
    CHECK(contains(outcome.err, "lost rank " + std::to_string(killed)));
  }
  // A broken connection is news enough: nobody waits for a long silence.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
  check_goes_on(project, "run");
}

TEST_CASE("a signal to any process finishes the step of all and saves it",
          "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  Ranks ranks(project, 2);
  ranks.start_all("run", 1000000, {"train.checkpoint_every_steps=100000"});
  REQUIRE(ranks.is_under_way("run"));
  SECTION("SIGTERM to rank 1") { ranks.of(1).send(SIGTERM); }
  SECTION("SIGUSR1 to rank 1") { ranks.of(1).send(SIGUSR1); }
  SECTION("SIGUSR1 to rank 0") { ranks.of(0).send(SIGUSR1); }
  for (const int64_t rank : {0, 1}) {
    const Outcome outcome = ranks.end_of(rank);
    INFO("rank " << rank << ": " << describe(outcome));
    CHECK(outcome.exit_code == 143);
  }
  CHECK(project.newest_step("run") > 0);
  check_goes_on(project, "run");
}

TEST_CASE("an error of one process ends all with its text, at once", "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  sana_test::damage_first_sample(project.path("latents"));
  Ranks ranks(project, 2);
  ranks.start_all("run", 1000000, {"data.max_damaged=0", "data.cache_mib=0"});
  int told = 0;
  for (const int64_t rank : {0, 1}) {
    const Outcome outcome = ranks.end_of(rank);
    INFO("rank " << rank << ": " << describe(outcome));
    CHECK(outcome.exit_code == 2);  // wrong input, for all: nobody starts it again
    CHECK(contains(outcome.err, "data.max_damaged"));
    const std::string other = "rank " + std::to_string(1 - rank) + " on ";
    told += contains(outcome.err, other) && contains(outcome.err, " failed: ") ? 1 : 0;
  }
  CHECK(told == 1);
}

TEST_CASE("a disk that fills under one rank ends all and leaves the older checkpoint",
          "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  REQUIRE(project.train("run", 2, {"data.batch_size=1", "data.image_batch_size=1"}).exit_code == 0);
  const auto size = int64_t(fs::file_size(project.checkpoint("run", 2) / "model.safetensors"));
  const int64_t full = GENERATE(0, 1);
  Ranks ranks(project, 2);
  const auto words = project.train_words("run", 8, joined(quick_words(), {"train.keep_last=1"}));
  // Each writes about half of it.
  for (const int64_t rank : {0, 1}) {
    ranks.start(rank, words, {.file_size_limit = rank == full ? size / 4 : 0});
  }
  const std::string who = "step 4 could not be saved: rank " + std::to_string(full) + " on ";
  const std::string shard = "model-0000" + std::to_string(full + 1) + "-of-00002.safetensors";
  for (const int64_t rank : {0, 1}) {
    const Outcome outcome = ranks.end_of(rank);
    INFO("rank " << rank << ": " << describe(outcome));
    CHECK(outcome.exit_code == 3);
    CHECK(contains(outcome.err, shard));
    CHECK(contains(outcome.err, who));
  }
  for (const auto& entry : fs::directory_iterator(project.path("run"))) {
    CHECK(entry.path().extension() != ".partial");
  }
  CHECK(project.newest_step("run") == 2);
  check_goes_on(project, "run");
}

// Both end with this code and this text.
void check_both_end(Ranks& ranks, int code, const std::string& text) {
  for (const int64_t rank : {0, 1}) {
    const Outcome outcome = ranks.end_of(rank);
    INFO("rank " << rank << ": " << describe(outcome));
    CHECK(outcome.exit_code == code);
    CHECK(contains(outcome.err, text));
  }
}

TEST_CASE("processes that do not fit together are refused", "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  Ranks ranks(project, 2);
  SECTION("other configurations") {
    ranks.start(0, project.train_words("run", 4, quick_words()));
    ranks.start(1, project.train_words("run", 5, quick_words()));
    check_both_end(ranks, 2, "the configuration is not the same on all processes");
  }
  SECTION("a run folder that not all see") {
    const fs::path elsewhere = project.path("elsewhere");
    fs::create_directory(elsewhere);
    Words words = project.train_words("run", 4, quick_words());
    words[1] = project.path("train.yaml");
    words = joined(words, {"data.videos=" + project.path("latents").string(),
                           "data.images=" + project.path("image_latents").string()});
    ranks.start(0, words);
    ranks.start(1, words, {.folder = elsewhere});
    check_both_end(ranks, 2, "run.dir is not seen");
  }
  SECTION("one that does not find its GPU") {
    ranks.start(0, project.train_words("run", 4, quick_words()));
    ranks.start(1, project.train_words("run", 4, joined(quick_words(), {"device=cuda:99"})));
    const Outcome first = ranks.end_of(0), second = ranks.end_of(1);
    INFO(describe(first) << describe(second));
    CHECK(first.exit_code == second.exit_code);
    CHECK(contains(first.err, "rank 1 on "));
    CHECK(contains(first.err, "device"));
    CHECK(contains(second.err, "device"));
  }
  CHECK(project.newest_step("run") == -1);
}

TEST_CASE("processes that cannot meet say who is missing and where", "[end_to_end][distributed]") {
  SANA_SKIP_WITHOUT_C10D();
  const TinyProject project;
  const Words brief = joined(quick_words(), {"parallel.timeout_s=3"});
  const auto words = project.train_words("run", 4, brief);
  SECTION("rank 1 does not come") {
    Ranks ranks(project, 2);
    ranks.start(0, words);
    const Outcome outcome = ranks.end_of(0);
    INFO(describe(outcome));
    CHECK(outcome.exit_code == 3);
    CHECK(contains(outcome.err, "rank 1 did not come within 3 s"));
  }
  SECTION("the port is taken, by a program that says nothing") {
    const Listener other;
    Ranks ranks(project, 2, other.port);
    ranks.start(0, words);
    ranks.start(1, words);
    for (const int64_t rank : {0, 1}) {
      const Outcome outcome = ranks.end_of(rank);
      INFO("rank " << rank << ": " << describe(outcome));
      CHECK(outcome.exit_code == 3);
      CHECK(contains(outcome.err, "127.0.0.1:" + std::to_string(other.port)));
      CHECK(contains(outcome.err, "is the port free"));
    }
  }
  SECTION("two come as one rank") {
    const int port = unused_port();
    Ranks ranks(project, 3, port), more(project, 3, port);
    ranks.start(0, words);
    ranks.start(1, words);
    const fs::path elsewhere = project.path("elsewhere");
    fs::create_directory(elsewhere);
    fs::copy(project.path("train.yaml"), elsewhere / "train.yaml");
    std::this_thread::sleep_for(std::chrono::seconds(1));
    more.start(1, words, {.folder = elsewhere});
    const Outcome second = more.of(0).wait(std::chrono::seconds(60));
    const Outcome first = ranks.end_of(1);
    INFO(describe(first) << describe(second));
    CHECK(second.exit_code + first.exit_code == 2 + 3);  // whoever came later; rank 2 never comes
    CHECK(contains(first.err + second.err, "as rank 1 of 3 already"));
  }
  SECTION("of another run") {
    const int port = unused_port();
    Ranks ranks(project, 2, port), more(project, 3, port);
    ranks.start(0, words);
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    more.start(1, words);
    const Outcome outcome = more.of(0).wait(std::chrono::seconds(60));
    INFO(describe(outcome));
    CHECK(outcome.exit_code == 2);
    CHECK(contains(outcome.err, "meets a run of 2 processes"));
  }
}

}  // namespace
