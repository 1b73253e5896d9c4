// Which checkpoint a run goes on from.
#pragma once
#include <filesystem>
#include <optional>

#include "train/trainer_config.h"

namespace sana::train {

// auto: the newest complete checkpoint of run.dir, if any. never: none. Otherwise that folder.
// Throws UserError when a choice would overwrite checkpoints of another course of the run.
std::optional<std::filesystem::path> checkpoint_to_resume(const RunConfig& config);

}  // namespace sana::train
