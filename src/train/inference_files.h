// The files beside the weights that make a DiT checkpoint usable for sampling: model.json,
// pipeline.json (checkpoints/pipeline_config.h) and vae/ with vae.json and vae.safetensors. Without
// vae_checkpoint the last is left out, and sampling asks for it.
#pragma once
#include <filesystem>
#include <string>

#include "data/dataset.h"
#include "model/vae/wan_vae.h"
#include "train/trainer_config.h"

namespace sana::train {

// Writes the three into a checkpoint folder. `images` may be null.
void write_dit_inference_files(const std::filesystem::path& directory, const TrainConfig& config,
                               const data::Dataset& videos, const data::Dataset* images);

// The VAE of a folder. Throws UserError unless it is the one that encoded `videos`.
model::WanVae load_matching_vae(const std::string& directory, const data::Dataset& videos);

}  // namespace sana::train
