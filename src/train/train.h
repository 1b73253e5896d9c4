// The training task as one call.
#pragma once
#include <string>

#include "core/error.h"
#include "train/trainer_config.h"

namespace sana::train {

// Runs the task in config.run.dir, which then holds
//   config.yaml (resolved_yaml), environment.json, log.txt, metrics.jsonl, events.out.tfevents...,
//   previews/, step-NNNNNNNN/.
// Returns kOk, or kTerminated when Ctrl-C or SIGTERM stopped it (everything is saved). Throws
// Error.
ExitCode train(const TrainConfig& config, const std::string& resolved_yaml);

}  // namespace sana::train
