// Tiny prepared data sets and runs that take seconds on a CPU.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/safetensors.h"
#include "train/trainer_config.h"

namespace sana_test {

struct TinyData {
  int64_t samples = 4;
  int64_t frames = 5;     // of pixels; 1: images
  int64_t poisoned = -1;  // index of a sample of latents whose loss is not finite; -1: none
  int64_t channels = 4;   // of latents
  std::string name = "clip";
  std::string vae_identity = "wan_vae:tiny";
  uint64_t seed = 1;
  uint64_t text_seed = 1;
};

// Prepared folders as `sana-video prepare` writes them: latents [4, 1 + (frames-1)/4, 4, 6] of the
// bucket 32 x 48 with text features [6, 8], or pixels [3, frames, 16, 24].
void write_tiny_latents(const std::filesystem::path& folder, const TinyData& data);
void write_tiny_pixels(const std::filesystem::path& folder, const TinyData& data);
// Changes a byte of the first sample's latents, so that its checksum is wrong.
void damage_first_sample(const std::filesystem::path& folder);

// Two layers, 24 channels; three steps; checkpoints at the end; run and data below `folder`.
sana::train::TrainConfig tiny_dit_config(const std::filesystem::path& folder);
// base_dim 4, latents of 4 channels.
sana::train::TrainConfig tiny_vae_config(const std::filesystem::path& folder);

// Runs to the end with the configuration's own YAML.
sana::ExitCode run(const sana::train::TrainConfig& config);

// run.dir/step-NNNNNNNN
std::filesystem::path checkpoint_of(const sana::train::TrainConfig& config, int64_t step);

// Every tensor of every file of two checkpoints is the same, bit for bit, and so is trainer.json.
void check_same_checkpoints(const std::filesystem::path& a, const std::filesystem::path& b);

// Trains to step 6 at once (in run.dir + "-whole"), and in two runs of 3 (in run.dir + "-halves");
// the checkpoints must agree.
void check_resume_is_exact(const sana::train::TrainConfig& config);

// The lines of metrics.jsonl.
std::vector<nlohmann::json> metrics_of(const sana::train::TrainConfig& config);

}  // namespace sana_test
