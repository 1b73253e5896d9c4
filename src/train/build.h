// Construction of the parts of a run out of its configuration.
#pragma once
#include <memory>

#include "data/loading/loader.h"
#include "train/datasets.h"
#include "train/objective.h"
#include "train/trainer_state.h"

namespace sana::train {

// The task's model on the device, with fresh weights or, if asked for, those of init.from (a run
// that resumes has no use for them). Parameters named in train.freeze do not require gradients.
std::unique_ptr<Objective> build_objective(const TrainConfig& config, const Datasets& datasets,
                                           c10::Device device, bool load_init);

// What fixes the order of the video or image batches; default values without that data set.
OrderKey video_order(const TrainConfig& config, const Datasets& datasets);
OrderKey image_order(const TrainConfig& config, const Datasets& datasets);

// Batches of one data set from a position on, ready for the device; null without a data set. `key`
// is the data set's in the configuration.
std::unique_ptr<data::PrefetchLoader> build_loader(const TrainConfig& config,
                                                   const std::string& key,
                                                   std::shared_ptr<const data::Dataset> dataset,
                                                   const StreamState& stream, c10::Device device);

}  // namespace sana::train
