// The files beside the weights that make a DiT checkpoint usable for sampling: model.json,
// pipeline.json (checkpoints/pipeline_config.h) and vae/, a copy of vae_checkpoint. Without that
// the last is left out, and sampling asks for it.
#pragma once
#include <filesystem>
#include <memory>

#include "data/dataset.h"
#include "model/vae/video_vae.h"
#include "train/datasets.h"
#include "train/trainer_config.h"

namespace sana::train {

// Writes the three into a checkpoint folder. `images` may be null.
void write_dit_inference_files(const std::filesystem::path& directory, const TrainConfig& config,
                               const data::Dataset& videos, const data::Dataset* images);

// The VAE of vae_checkpoint on the device: the one that encodes the data while training, if there
// is one. Throws UserError unless it is the one that encoded `datasets.videos`.
std::shared_ptr<model::VideoVae> matching_vae(const TrainConfig& config, const Datasets& datasets,
                                              c10::Device device);

}  // namespace sana::train
