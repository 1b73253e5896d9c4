#include "train/datasets.h"

#include "core/error.h"

namespace sana::train {
namespace {

using DatasetPointer = std::shared_ptr<const data::PreparedDataset>;

DatasetPointer open_dataset(const TrainConfig& config, const std::string& key,
                            const std::string& folder) {
  auto dataset = with_context(key, [&] { return std::make_shared<data::PreparedDataset>(folder); });
  const bool pixels = dataset->kind() == data::Kind::kPixels;
  require(pixels == config.trains_vae(),
          "{}: '{}' holds {}, but task {} trains on {}; make the other kind with "
          "`sana-video prepare`",
          key, folder, pixels ? "pixels" : "latents", config.task,
          config.trains_vae() ? "pixels" : "latents");
  require(dataset->size() > 0, "{}: '{}' holds no sample", key, folder);
  return dataset;
}

void check_same_encoders(const std::string& key, const data::PreparedDataset& other,
                         const data::PreparedDataset& videos) {
  require(other.vae_identity() == videos.vae_identity(),
          "{} was encoded by the VAE {}, data.videos by {}; prepare both with one VAE", key,
          other.vae_identity(), videos.vae_identity());
  require(other.text_encoder_identity() == videos.text_encoder_identity(),
          "{} was encoded by the text encoder {}, data.videos by {}; prepare both with one", key,
          other.text_encoder_identity(), videos.text_encoder_identity());
}

}  // namespace

Datasets build_datasets(const TrainConfig& config) {
  Datasets sets;
  sets.videos = open_dataset(config, "data.videos", config.data.videos);
  if (config.data.image_every_steps > 0) {
    sets.images = open_dataset(config, "data.images", config.data.images);
    check_same_encoders("data.images", *sets.images, *sets.videos);
  }
  if (!config.data.validation.empty()) {
    sets.validation = open_dataset(config, "data.validation", config.data.validation);
    check_same_encoders("data.validation", *sets.validation, *sets.videos);
  }
  return sets;
}

}  // namespace sana::train
