#include "train/train.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#include <chrono>
#include <optional>
#include <thread>

#include "core/build_config.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/distributed/self_test.h"
#include "core/distributed/world.h"
#include "core/environment.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json_dump.h"
#include "core/launch_rank.h"
#include "core/log.h"
#include "core/output_lock.h"
#include "core/signals.h"
#include "train/checkpoint.h"
#include "train/shard_choice.h"
#include "train/task.h"
#include "train/trainer.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

// Of the running program's file.
std::string hash_of_program() {
  const fs::path self = program_file();
  return self.empty() ? "unknown" : hash_file(self);
}

void write_environment(const fs::path& file, const TrainConfig& config) {
  const nlohmann::ordered_json environment = {{"started", utc_now()},
                                              {"sana_video", SANA_VERSION},
                                              {"build", SANA_BUILD_TYPE},
                                              {"torch", TORCH_VERSION},
                                              {"device", parse_device(config.device).str()},
                                              {"cores", std::thread::hardware_concurrency()},
                                              {"torch_threads", at::get_num_threads()},
                                              {"memory_bytes", host_memory().total}};
  write_file_atomically(file, dump_json(environment, 2) + "\n");
}

// Rank 0 makes the folder and holds it; the others must see the same one. Returns its lock.
std::optional<OutputLock> claim_run_folder(const fs::path& directory, World& world) {
  std::optional<OutputLock> lock;
  const fs::path token = directory / ".ranks";
  const std::string nonce = fmt::format("{} {}", host_name(), utc_now());
  if (world.is_main()) {
    ensure_writable_directory(directory);
    lock = OutputLock::of_folder(directory);  // before anything of it is touched
    remove_leftovers(directory);
    if (!world.is_alone()) write_file_atomically(token, nonce);
  }
  if (world.is_alone()) return lock;
  const std::string expected = world.control->gather_text("run folder", nonce).front();
  std::string seen = "run.dir is not seen";
  if (fs::exists(token)) seen = "run.dir holds " + read_text_file(token);
  if (seen == "run.dir holds " + expected) seen = "run.dir is seen";
  require_same(*world.control, fmt::format("run.dir '{}'", directory.string()), seen);
  if (world.is_main()) fs::remove(token);
  return lock;
}

// What must be equal before anything is built: a difference would show as wrong numbers.
void check_processes(World& world, const std::string& resolved_yaml, c10::Device device) {
  if (world.is_alone()) return;
  require_same(*world.control, "the program",
               fmt::format("{} {}", SANA_VERSION, hash_of_program()));
  require_same(*world.control, "the configuration", hash_text(resolved_yaml));
  require_same(*world.control, "the kind of device", device.is_cuda() ? "GPU" : "CPU");
  require_own_devices(*world.control, device);
  const double sum =
      world.control->all_reduce("sum of ranks", double(world.ranks.rank + 1), Reduction::kSum);
  const auto count = double(world.ranks.count);
  if (sum != count * (count + 1) / 2) {
    throw EnvironmentError(
        fmt::format("the sum of the {} ranks is {}, expected {}: the hosts' network or memory "
                    "spoils what is sent",
                    count, sum, count * (count + 1) / 2));
  }
  const auto start = SteadyClock::now();
  const LinkSpeed speed = self_test(world, device);
  if (world.is_main()) {
    log::info("self-test of {} processes passed in {:.1f} s; link {}", world.ranks.count,
              seconds_since(start), speed.text());
  }
}

// The file that this process' lines go to.
fs::path log_file(const fs::path& directory, const World& world) {
  if (world.is_main()) return directory / "log.txt";
  ensure_writable_directory(directory / "logs");
  return directory / "logs" / fmt::format("rank-{}.txt", world.ranks.rank);
}

}  // namespace

ExitCode train(const TrainConfig& config, const std::string& resolved_yaml) {
  const LaunchRank ranks = launch_rank();
  JoinOptions options;
  options.timeout = std::chrono::seconds(config.parallel.timeout_s);
  options.watch = WatchOptions::of_silence(std::chrono::seconds(config.parallel.silence_s));
  World world = join_world(
      ranks, [&] { return device_of_rank(config.device, ranks); }, options);
  return train(config, resolved_yaml, world);
}

ExitCode train(const TrainConfig& config, const std::string& resolved_yaml, World& world) {
  config.parallel.mesh(world.ranks.count);  // refused before anything is touched
  const fs::path directory = config.run.dir;
  // They outlive the work: the others are told of an error before a checkpoint is finished.
  std::optional<OutputLock> lock;
  std::optional<Trainer> trainer;
  ExitCode code = ExitCode::kOk;
  run_together(world, [&] {
    lock = claim_run_folder(directory, world);
    log::set_file(log_file(directory, world));
    install_stop_handlers();
    check_processes(world, resolved_yaml, device_of_rank(config.device, world.ranks));
    at::globalContext().setBenchmarkCuDNN(find_task(config.task).is_convolutional);
    TrainConfig shared = config;
    shared.parallel.shard =
        fmt::format("{}", agreed_shard(config, world, device_of_rank(config.device, world.ranks)));
    trainer.emplace(shared, resolved_yaml, world);
    if (world.is_main()) {
      // Only now: a run that is refused leaves the record of the earlier one alone.
      write_file_atomically(directory / "config.yaml", resolved_yaml);
      write_environment(directory / "environment.json", config);
    }
    code = trainer->run();
  });
  return code;
}

}  // namespace sana::train
