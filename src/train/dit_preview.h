// Videos of fixed prompts during training of the DiT.
#pragma once
#include <filesystem>
#include <memory>
#include <vector>

#include "data/dataset.h"
#include "infer/pipeline.h"
#include "model/vae/video_vae.h"
#include "train/trainer_config.h"

namespace sana::train {

class DitPreview {
 public:
  // Encodes the prompts (the text encoder is then released); `vae` decodes. Throws UserError when
  // the data was encoded by another text encoder than the configured one.
  DitPreview(const TrainConfig& config, const data::Dataset& videos,
             std::shared_ptr<model::VideoVae> vae, c10::Device device);

  // directory/00.mp4, 01.mp4, ... in the order of the prompts; .png for a model of still images.
  void write(model::SanaVideo& model, const std::filesystem::path& directory);

 private:
  TrainConfig config_;
  c10::Device device_;
  double fps_;
  LatentSize latent_size_;
  std::vector<model::TextFeatures> prompts_;
  model::TextFeatures negative_;  // the empty caption
  std::shared_ptr<model::VideoVae> vae_;
};

}  // namespace sana::train
