// Which checkpoint a run goes on from.
#pragma once
#include <filesystem>
#include <optional>

#include "core/distributed/world.h"
#include "train/trainer_config.h"

namespace sana::train {

// auto: the newest complete checkpoint of run.dir, if any. never: none. Otherwise that folder.
// Throws UserError when a choice would overwrite checkpoints of another course of the run.
std::optional<std::filesystem::path> checkpoint_to_resume(const RunConfig& config);

// The same for all processes of a run, as rank 0 finds it: another may still see an older state of
// the folder. All call it.
std::optional<std::filesystem::path> agreed_checkpoint(const RunConfig& config, const World& world);

}  // namespace sana::train
