#include <iostream>

#include "checkpoints/run_folder.h"
#include "cli/arguments.h"
#include "core/error.h"
#include "core/launch_rank.h"
#include "train/train.h"

namespace sana::cli {

int train_command(CLI::App& app, const Arguments& arguments) {
  config::Source source;
  add_config_arguments(app, source);
  parse(app, arguments);

  const auto loaded = config::load_with_origins<train::TrainConfig>(source);
  const ExitCode code = train::train(loaded.config, loaded.resolved_yaml);
  if (launch_rank().rank != 0) return static_cast<int>(code);
  if (const auto newest = checkpoints::newest_checkpoint(loaded.config.run.dir)) {
    std::cout << newest->string() << "\n";
  }
  return static_cast<int>(code);
}

}  // namespace sana::cli
