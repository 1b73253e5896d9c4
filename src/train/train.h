// The training task as one call.
#pragma once
#include <string>

#include "core/distributed/world.h"
#include "core/error.h"
#include "train/trainer_config.h"

namespace sana::train {

// Runs the task in config.run.dir, which then holds
//   config.yaml (resolved_yaml), environment.json, log.txt, metrics.jsonl, events.out.tfevents...,
//   previews/, step-NNNNNNNN/.
// Returns kOk, or kTerminated when Ctrl-C or SIGTERM stopped it (everything is saved). Throws
// Error.
//
// Of several processes that a launcher started (core/launch_rank.h), each with the same
// configuration and a run.dir that all see, this is one: they share every batch. What they write is
// written by rank 0; the lines of the others go to logs/rank-N.txt.
ExitCode train(const TrainConfig& config, const std::string& resolved_yaml);

// The same as a member of this world.
ExitCode train(const TrainConfig& config, const std::string& resolved_yaml, World& world);

}  // namespace sana::train
