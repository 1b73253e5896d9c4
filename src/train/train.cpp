#include "train/train.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <torch/version.h>

#include <thread>

#include "core/build_config.h"
#include "core/clock.h"
#include "core/device.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "core/log.h"
#include "core/output_lock.h"
#include "core/signals.h"
#include "train/checkpoint.h"
#include "train/task.h"
#include "train/trainer.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

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

}  // namespace

ExitCode train(const TrainConfig& config, const std::string& resolved_yaml) {
  const fs::path directory = config.run.dir;
  ensure_writable_directory(directory);
  const OutputLock lock = OutputLock::of_folder(directory);  // before anything of it is touched
  log::set_file(directory / "log.txt");
  install_stop_handlers();
  remove_leftovers(directory);
  at::globalContext().setBenchmarkCuDNN(find_task(config.task).is_convolutional);
  Trainer trainer(config, resolved_yaml);
  // Only now: a run that is refused leaves the record of the earlier one alone.
  write_file_atomically(directory / "config.yaml", resolved_yaml);
  write_environment(directory / "environment.json", config);
  return trainer.run();
}

}  // namespace sana::train
