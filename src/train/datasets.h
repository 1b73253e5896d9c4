// The data sets of a run, checked against its task and against each other.
#pragma once
#include <c10/core/Device.h>

#include <memory>

#include "data/dataset.h"
#include "model/vae/video_vae.h"
#include "train/trainer_config.h"

namespace sana::train {

struct Datasets {
  std::shared_ptr<const data::Dataset> videos;      // several, where config.data.mixture names them
  std::shared_ptr<const data::Dataset> images;      // may be null
  std::shared_ptr<const data::Dataset> validation;  // may be null

  // The VAE that encodes them while training; null where none is encoded.
  std::shared_ptr<model::VideoVae> vae;

  // Whether some of them are encoded while training.
  bool are_encoded() const;
};

// Opens what config.data names: prepared folders, and clips that are decoded, for the DiT also
// encoded on `device`, as they are read. What of the latter is not usable is listed in
// <run.dir>/unused_clips.jsonl where that folder exists and this is the process that `writes`. Throws UserError when a data set is of the
// wrong kind (pixels instead of latents), empty, or was encoded by another VAE or text encoder than
// the first.
Datasets build_datasets(const TrainConfig& config, c10::Device device, bool writes = true);

}  // namespace sana::train
