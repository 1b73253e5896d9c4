// Launchers end the other processes when one leaves with an error code, as that of a signal is.
#include <ATen/Parallel.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "checkpoints/run_folder.h"
#include "core/config/config.h"
#include "core/distributed/thread_world.h"
#include "core/signals.h"
#include "support/catch.h"
#include "support/temporary_directory.h"
#include "train/train.h"
#include "unit/train/tiny_run.h"
#include "unit/train/train_together.h"

namespace {
using namespace sana;

// Step of the newest whole checkpoint when each of two leaves; a signal comes in the second step.
std::vector<int64_t> saved_when_left(const train::TrainConfig& config, ExitCode expected,
                                     bool is_stopped) {
  std::vector<int64_t> saved(2, -1);
  ThreadWorld threads(2), control(2);
  threads.run([&](Communicator& group) {
    at::set_num_threads(1);
    World world;
    world.ranks = {group.rank(), 2, group.rank()};
    world.control = control.member(group.rank());
    world.data = threads.member(group.rank());
    if (is_stopped && group.rank() == 0) {
      world.data = sana_test::acting(std::move(world.data), [step = 0]() mutable {
        if (++step == 2) std::raise(SIGTERM);
      });
    }
    if (train::train(config, config::to_yaml(config), world) != expected) return;
    if (const auto newest = checkpoints::newest_checkpoint(config.run.dir)) {
      saved[size_t(group.rank())] = checkpoints::checkpoint_step(*newest).value_or(-1);
    }
  });
  return saved;
}

TEST_CASE("a process leaves when the last checkpoint is written, whoever writes it",
          "[train][distributed]") {
  const sana_test::TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {.samples = 8});
  train::TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.train.steps = 4;
  config.train.checkpoint_every_steps = 100;
  SECTION("at the end") {
    CHECK(saved_when_left(config, ExitCode::kOk, false) == std::vector<int64_t>{4, 4});
  }
  SECTION("stopped by a signal") {
    const auto saved = saved_when_left(config, ExitCode::kTerminated, true);
    clear_stop_request();
    CHECK(saved == std::vector<int64_t>{2, 2});
  }
}

}  // namespace
