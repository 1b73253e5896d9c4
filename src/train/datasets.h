// The prepared data sets of a run, checked against its task and against each other.
#pragma once
#include <memory>

#include "data/prepared_dataset.h"
#include "train/trainer_config.h"

namespace sana::train {

struct Datasets {
  std::shared_ptr<const data::PreparedDataset> videos;
  std::shared_ptr<const data::PreparedDataset> images;      // may be null
  std::shared_ptr<const data::PreparedDataset> validation;  // may be null
};

// Opens the folders of config.data. Throws UserError when one is of the wrong kind (pixels instead
// of latents), empty, or was encoded by another VAE or text encoder than the first.
Datasets build_datasets(const TrainConfig& config);

}  // namespace sana::train
