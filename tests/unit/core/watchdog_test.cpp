// Who fails, falls silent or is cut off is found by the others, and nobody else is suspected.
#include "core/distributed/watchdog.h"

#include <ATen/ATen.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/distributed/beat.h"
#include "core/distributed/thread_world.h"
#include "core/distributed/watched_communicator.h"
#include "core/distributed/within.h"
#include "core/signals.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/table_board.h"

namespace sana {
namespace {

using sana_test::contains;
using sana_test::message_of;
using Milliseconds = std::chrono::milliseconds;

using sana_test::Line;
using sana_test::Table;
using sana_test::TableBoard;

constexpr auto kSilence = Milliseconds(600);

WatchOptions quick() {
  WatchOptions options;
  options.beat = Milliseconds(20);
  options.silence = kSilence;
  options.silence_when_broken = Milliseconds(200);
  options.grace = Milliseconds(400);
  options.grace_to_end = Milliseconds(400);
  return options;
}

// The processes of a run, without the processes.
struct Run {
  std::shared_ptr<Table> table = std::make_shared<Table>();
  std::vector<std::shared_ptr<Line>> lines;
  std::vector<std::atomic<int>> ended;  // with this code, by its watchdog; -1: not
  std::vector<std::unique_ptr<Watchdog>> dogs;

  explicit Run(int64_t size) : ended(size_t(size)) {
    for (int64_t r = 0; r < size; ++r) {
      lines.push_back(std::make_shared<Line>());
      ended[size_t(r)] = -1;
      TableBoard board(table, lines.back());
      Watchdog::put_first_beat(board, r);
    }
    for (int64_t r = 0; r < size; ++r) {
      dogs.push_back(std::make_unique<Watchdog>(
          std::make_unique<TableBoard>(table, lines[size_t(r)]),
          Watchdog::Membership{{r, size, r}, /*is_holder=*/r == 0, "here:1"}, quick(),
          [this, r](ExitCode code) { ended[size_t(r)] = int(code); }));
    }
  }
  ~Run() {
    for (const auto& line : lines) line->is_frozen = false;
    // Rank 0 waits for the others.
    while (!dogs.empty()) dogs.pop_back();
  }
  Watchdog& dog(int64_t rank) { return *dogs[size_t(rank)]; }
};

// The failure that it finds within `limit`.
std::optional<Failure> failure_of(Watchdog& dog, Milliseconds limit = std::chrono::seconds(5)) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < deadline) {
    try {
      dog.throw_if_failed();
    } catch (const Error& error) {
      return Failure{error.code(), error.what()};
    }
    std::this_thread::sleep_for(Milliseconds(5));
  }
  return std::nullopt;
}

TEST_CASE("what one process fails with, all fail with", "[distributed]") {
  Run run(3);
  run.dog(2).fail({ExitCode::kUser, "data.videos: too many damaged samples"});
  run.dog(2).fail({ExitCode::kBug, "a second error"});
  for (const int64_t rank : {0, 1}) {
    const auto failure = failure_of(run.dog(rank));
    REQUIRE(failure);
    CHECK(failure->code == ExitCode::kUser);
    CHECK(contains(failure->text, "rank 2 on "));
    CHECK(contains(failure->text, "data.videos: too many damaged samples"));
  }
  CHECK_THROWS_AS(run.dog(0).throw_if_failed(), UserError);
  // The error that follows from it is not told as another one.
  run.dog(0).fail({ExitCode::kBug, "an error that follows"});
  CHECK(contains(failure_of(run.dog(1))->text, "data.videos"));
}

TEST_CASE("who holds the table stays until the others know why it fails", "[distributed]") {
  Run run(3);
  run.dog(0).fail({ExitCode::kEnvironment, "the disk is full"});
  run.lines[1]->is_cut = run.lines[2]->is_cut = true;
  for (const int64_t rank : {1, 2}) {
    CHECK(contains(failure_of(run.dog(rank))->text, "the disk is full"));
  }
}

TEST_CASE("a process that falls silent is named, with what it did last", "[distributed]") {
  Run run(3);
  run.dog(1).at_step(7);
  run.dog(1).begin("'gradients' of data");
  run.dog(1).wait_begins("'gradients' of data");
  std::this_thread::sleep_for(Milliseconds(100));
  run.lines[1]->is_frozen = true;
  for (const int64_t rank : {0, 2}) {
    const auto failure = failure_of(run.dog(rank));
    REQUIRE(failure);
    CHECK(failure->code == ExitCode::kEnvironment);
    INFO(failure->text);
    CHECK(contains(failure->text, "lost rank 1 on "));
    CHECK(contains(failure->text, "step 7, waits in 'gradients' of data"));
    CHECK_FALSE(contains(failure->text, "rank 0"));
    CHECK_FALSE(contains(failure->text, "rank 2"));
  }
  // The silent one, too, does not get an answer.
  CHECK(contains(failure_of(run.dog(1))->text, "here:1: no answer for"));
}

TEST_CASE("a table that does not answer, or is gone, is told", "[distributed]") {
  Run run(3);
  run.lines[1]->is_frozen = true;
  run.lines[2]->is_cut = true;
  CHECK(contains(failure_of(run.dog(2), kSilence / 2)->text, "connection reset by peer"));
  CHECK(contains(failure_of(run.dog(1))->text, "here:1: no answer for"));
}

TEST_CASE("a main thread that works for long is no failure", "[distributed]") {
  Run run(2);
  run.dog(0).begin("'validation' of control");
  run.dog(1).begin("'validation' of control");
  run.dog(1).wait_begins("'validation' of control");
  CHECK_FALSE(failure_of(run.dog(1), 3 * kSilence));
  CHECK_FALSE(failure_of(run.dog(0), Milliseconds(1)));
}

TEST_CASE("a main thread that does not notice a failure is ended", "[distributed]") {
  Run run(2);
  run.dog(1).fail({ExitCode::kUser, "wrong"});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (run.ended[0] == -1 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(Milliseconds(5));
  }
  CHECK(run.ended[0] == int(ExitCode::kUser));
}

TEST_CASE("who ended as it should is not missed, nor is its table", "[distributed]") {
  Run run(3);
  run.dog(2).leave();
  run.lines[2]->is_frozen = true;
  CHECK_FALSE(failure_of(run.dog(0), 2 * kSilence));
  CHECK_FALSE(failure_of(run.dog(1), Milliseconds(1)));
  std::thread other([&] {
    std::this_thread::sleep_for(Milliseconds(200));
    run.dog(1).leave();
  });
  const auto start = std::chrono::steady_clock::now();
  run.dog(0).leave();  // after the other, which needs it
  CHECK(std::chrono::steady_clock::now() - start >= Milliseconds(150));
  other.join();
  run.lines[1]->is_cut = true;
  CHECK_FALSE(failure_of(run.dog(1), 2 * kSilence));
}

TEST_CASE("a collective that fails is explained by who is elsewhere", "[distributed]") {
  Run run(3);
  for (const int64_t rank : {0, 1}) {
    run.dog(rank).at_step(3);
    run.dog(rank).begin("'gradients' of data");
    run.dog(rank).wait_begins("'gradients' of data");
  }
  run.dog(2).at_step(2);
  run.dog(2).begin("'wish to stop' of control");
  const std::string message = message_of<EnvironmentError>(
      [&] { run.dog(0).explain("'gradients' of data: rank 0 waited for 600 s"); });
  INFO(message);
  CHECK(contains(message, "waited for 600 s"));
  CHECK(contains(message, "Not there: rank 2 on "));
  CHECK(contains(message, "step 2, began 'wish to stop' of control"));
  CHECK_FALSE(contains(message, "rank 1 on"));
}

TEST_CASE("once a collective has failed, a silence need not last long", "[distributed]") {
  Run run(3);
  run.lines[2]->is_frozen = true;
  const auto start = std::chrono::steady_clock::now();
  const std::string message =
      message_of<EnvironmentError>([&] { run.dog(1).explain("connection closed by peer"); });
  CHECK(std::chrono::steady_clock::now() - start < kSilence);
  CHECK(contains(message, "lost rank 2 on "));
}

TEST_CASE("who is ended by a launcher because of another has not left", "[distributed]") {
  Run run(2);
  clear_stop_request();
  install_stop_handlers();
  ::raise(SIGTERM);
  const auto start = std::chrono::steady_clock::now();
  const std::string message =
      message_of<EnvironmentError>([&] { run.dog(1).explain("connection closed by peer"); });
  CHECK(std::chrono::steady_clock::now() - start < Milliseconds(150));
  clear_stop_request();
  CHECK(message == "connection closed by peer");
  run.dog(1).fail({ExitCode::kEnvironment, message});  // others find who it was
  run.dogs[1].reset();
  CHECK(contains(failure_of(run.dog(0))->text, "lost rank 1 on "));
}

TEST_CASE("a watched group throws another one's failure in place of a collective",
          "[distributed]") {
  Run run(2);
  ThreadWorld threads(2, Milliseconds(100));
  const auto group_of = [&](int64_t rank) {
    // Not owned: the run ends after the groups.
    return watched(threads.member(rank), "data",
                   std::shared_ptr<Watchdog>(std::shared_ptr<void>(), &run.dog(rank)));
  };
  const auto first = group_of(0), second = group_of(1);
  std::thread other([&] { second->all_reduce("both", at::ones({1}), Reduction::kSum); });
  const at::Tensor sum = at::ones({1});
  first->all_reduce("both", sum);
  other.join();
  CHECK(sum.item<double>() == 2);
  run.dog(1).fail({ExitCode::kUser, "no sample of the bucket can be read"});
  // One that waits for the other in vain, and one that begins when it is known.
  for (int i = 0; i < 2; ++i) {
    const std::string message =
        message_of<UserError>([&] { first->all_reduce("gradients", at::ones({1})); });
    CHECK(contains(message, "rank 1 on "));
    CHECK(contains(message, "no sample of the bucket can be read"));
  }
}

TEST_CASE("a call that does not return is left alone", "[distributed]") {
  const auto done = std::make_shared<std::atomic<int>>(0);
  const auto go_on = std::make_shared<std::atomic<bool>>(false);
  within(
      std::chrono::seconds(20), [done] { *done = 1; }, "late");
  CHECK(*done == 1);
  CHECK(message_of<UserError>([] {
          within(
              std::chrono::seconds(20), [] { throw UserError("wrong"); }, "late");
        }) == "wrong");
  CHECK(message_of<EnvironmentError>([&] {
          within(
              Milliseconds(20),
              [done, go_on] {
                while (!*go_on) std::this_thread::sleep_for(Milliseconds(1));
                *done = 2;
              },
              "nobody answers");
        }) == "nobody answers");
  *go_on = true;
  while (*done != 2) std::this_thread::sleep_for(Milliseconds(1));
}

TEST_CASE("a beat is read as it was written", "[distributed]") {
  Beat beat;
  beat.number = 12;
  beat.host = "node\"7";
  beat.step = 3;
  beat.collective = "'a' of b";
  beat.num_begun = 44;
  beat.collective_age_s = 1.5;
  beat.is_waiting = beat.knows_failure = true;
  const Beat read = Beat::parse(beat.text());
  CHECK(read.text() == beat.text());
  CHECK(read.host == beat.host);
  CHECK(read.activity(2) == "step 3, waits in 'a' of b for 4 s");
  CHECK_THROWS_AS(Beat::parse("{}"), InternalError);
}

}  // namespace
}  // namespace sana
