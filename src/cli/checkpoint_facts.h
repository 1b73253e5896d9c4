// What `sana-video inspect` says of the model in a checkpoint of any layout.
#pragma once
#include <filesystem>
#include <vector>

#include "checkpoints/weight_source.h"
#include "cli/facts.h"

namespace sana::cli {

// Layout, step, which model it is, whether its tensors fit, and what it can be used for. `file`:
// the weights that `path` leads to, opened. Throws UserError.
std::vector<Fact> checkpoint_facts(const std::filesystem::path& path,
                                   const checkpoints::WeightSource& file);

}  // namespace sana::cli
