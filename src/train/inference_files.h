// The files beside the weights that make a DiT checkpoint usable for sampling: model.json,
// pipeline.json (infer/checkpoint_folder.h) and vae/ with vae.json and vae.safetensors. Without
// vae_checkpoint the last is left out, and sampling asks for it.
#pragma once
#include <filesystem>
#include <string>

#include "data/prepared_dataset.h"
#include "model/vae/wan_vae.h"
#include "train/trainer_config.h"

namespace sana::train {

// Writes the three into a checkpoint folder. `images` may be null.
void write_dit_inference_files(const std::filesystem::path& directory, const TrainConfig& config,
                               const data::PreparedDataset& videos,
                               const data::PreparedDataset* images);

// The VAE of a folder. Throws UserError unless it is the one that encoded `videos`.
model::WanVae load_matching_vae(const std::string& directory, const data::PreparedDataset& videos);

}  // namespace sana::train
