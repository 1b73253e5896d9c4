// The weights at a path, under the names of our modules, to start a training with.
#pragma once
#include <filesystem>

#include "core/safetensors.h"

namespace sana::checkpoints {

struct ModelWeights {
  std::filesystem::path file;  // where they were found
  TensorMap tensors;           // mapped from it as far as possible
};

// `path`: whatever open_transformer reads, or a run's folder (its newest checkpoint); averaged
// weights where there are any. A file under public names may hold a part of a model only: the
// caller compares. Throws UserError.
ModelWeights transformer_weights(const std::filesystem::path& path);

// The same of the Wan VAE: a checkpoint or run of this program, a diffusers pipeline or its vae/,
// or a bare file under public or original names.
ModelWeights wan_vae_weights(const std::filesystem::path& path);

}  // namespace sana::checkpoints
