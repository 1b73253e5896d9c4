// Weights of step 0 out of a file.
#pragma once
#include <torch/nn/module.h>

#include "train/trainer_config.h"

namespace sana::train {

// Loads init.from, if given, into the module of the task: any checkpoint that `sample` takes,
// averaged weights where it has them. Throws UserError with all missing, unexpected and mismatched
// names, except that names which contain a word of init.allow_missing may be absent: they keep the
// values they have.
void load_initial_weights(torch::nn::Module& module, const TrainConfig& config);

}  // namespace sana::train
