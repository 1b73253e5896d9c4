// Which process is late, and what the log says of it.
#include "train/rank_times.h"

#include <ATen/Parallel.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/distributed/thread_world.h"
#include "core/environment.h"
#include "core/log.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "unit/train/tiny_run.h"
#include "unit/train/train_together.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using sana_test::contains;
using train::RankTimes;
using train::slowest_rank;

TEST_CASE("the slowest rank is told against the median of the others", "[train][distributed]") {
  // Steps end together: rank 2 waits for nobody. Rank 0 waits for data, which is no work.
  std::vector<RankTimes> times = {{10, 6, 0}, {10, 0, 2}, {10, 0, 0.5}, {10, 1, 1}};
  const auto slowest = slowest_rank(times);
  REQUIRE(slowest);
  CHECK(slowest->rank == 2);
  CHECK(slowest->busy_s == sana_test::Approx(9.5));
  CHECK(slowest->others_s == sana_test::Approx(8.0));
  CHECK(slowest->behind_percent() == sana_test::Approx(18.75));
  CHECK(slowest->is_behind(100));
  CHECK_FALSE(slowest->is_behind(400));  // 3.75 ms in a step
  CHECK(contains(slowest->text({"a", "b", "gpu-07", "c"}, 100),
                 "rank 2 on host gpu-07 is 19 % behind the others"));
  times[2].comm_s = 1.3;  // 8.75 % behind
  CHECK_FALSE(slowest_rank(times)->is_behind(10));
  CHECK_FALSE(slowest_rank({{10, 0, 0}}));
  // Of two the other is the median.
  CHECK(slowest_rank({{10, 0, 0}, {10, 0, 2}})->behind_percent() == sana_test::Approx(25));
}

TEST_CASE("each member knows the times of all", "[train][distributed]") {
  std::vector<int> ok(3, 0);
  ThreadWorld(3).run([&](Communicator& group) {
    const auto rank = double(group.rank());
    const auto all = train::gather_times(group, {rank, rank + 10, rank + 20});
    bool right = all.size() == 3;
    for (size_t r = 0; r < 3; ++r) {
      right = right && all[r].train_s == double(r) && all[r].data_s == double(r) + 10 &&
              all[r].comm_s == double(r) + 20;
    }
    ok[size_t(group.rank())] = right ? 1 : 0;
  });
  CHECK(ok == std::vector<int>(3, 1));
}

TEST_CASE("a run names the rank that all wait for", "[train][distributed]") {
  const sana_test::TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {.samples = 8});
  train::TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.train.steps = 6;
  config.train.log_every_steps = 3;
  config.train.checkpoint_every_steps = 100;
  config.train.validate_every_steps = 0;
  log::initialize({.level = log::Level::kInfo, .file = {}});  // tests are silent else
  sana_test::run_together(config, 2, [](std::unique_ptr<Communicator> group) {
    if (group->rank() == 0) return group;
    return sana_test::acting(std::move(group),
                             [] { std::this_thread::sleep_for(std::chrono::milliseconds(60)); });
  });
  log::initialize({.level = log::Level::kOff, .file = {}});
  size_t windows = 0;
  for (const auto& line : sana_test::metrics_of(config)) {
    if (!line.contains("step_s")) continue;
    ++windows;
    CHECK(line.at("slowest_rank") == 1);
    CHECK(line.at("slowest_behind_percent") > 10.0);
    CHECK(line.at("step_s") > 0.06);
    // Those of both in a step.
    CHECK(line.at("clips_per_min").get<double>() ==
          sana_test::Approx(60.0 * 2 * double(config.data.batch_size) /
                            line.at("step_s").get<double>()));
    // Rank 0 stands still meanwhile; a step is not counted twice.
    CHECK(line.at("comm_s") > 0.045);
    CHECK(line.at("comm_s") < line.at("step_s"));
  }
  CHECK(windows == 2);
  // All threads have one log, that of who opened its file last.
  std::string log, events;
  for (const auto& entry : fs::recursive_directory_iterator(config.run.dir)) {
    const std::string name = entry.path().filename();
    if (name == "log.txt" || name == "rank-1.txt") log += sana_test::file_bytes(entry.path());
    if (name.starts_with("events.")) events += sana_test::file_bytes(entry.path());
  }
  INFO(log);
  CHECK(contains(log, "rank 1 on host " + host_name() + " is "));
  CHECK(contains(log, " % behind the others"));
  for (const char* part : {"  loss ", "  grad ", " s/it  data ", " s  comm 0.", " clips/min  ",
                           " TFLOP/s each  mem ", " GiB  eta "}) {
    CHECK(contains(log, part));
  }
  for (const char* name : {"comm_s", "data_s", "slowest_rank", "slowest_behind_percent"}) {
    CHECK(contains(events, name));
  }
}

TEST_CASE("a process alone waits for nobody and is behind nobody", "[train]") {
  const sana_test::TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {.samples = 4});
  train::TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.train.steps = 2;
  REQUIRE(sana_test::run(config) == ExitCode::kOk);
  for (const auto& line : sana_test::metrics_of(config)) {
    for (const char* name : {"comm_s", "slowest_rank"}) CHECK_FALSE(line.contains(name));
  }
}

}  // namespace
