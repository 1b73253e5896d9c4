// A name for a VAE that changes with its configuration or weights; caches record it.
#pragma once
#include <torch/nn/module.h>

#include <string>

namespace sana::model {

// "<kind>:<hash of configuration and weights>". Weights are hashed as bfloat16, which is what
// checkpoints store, so that saving and loading do not change it.
std::string module_identity(const std::string& kind, const std::string& configuration,
                            const torch::nn::Module& module);

}  // namespace sana::model
