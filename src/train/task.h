// What tasks differ in, in one table: a further task is a further row. Nothing else in training
// asks which task it is.
#pragma once
#include <memory>
#include <string>

#include "data/batch.h"
#include "train/datasets.h"
#include "train/objective.h"
#include "train/trainer_config.h"
#include "train/training_memory.h"

namespace sana::train {

struct Task {
  const char* name;  // TrainConfig::task
  // What its batches hold; pixels are encoded while training where a task takes latents.
  data::Kind kind;
  bool needs_captions;
  // Whether convolutions of few shapes are most of its work: cuDNN then measures its algorithms
  // once. For the few of the DiT that would only take gigabytes of scratch memory.
  bool is_convolutional;
  // The module with fresh weights on `device`, and its loss.
  std::unique_ptr<Objective> (*make_objective)(const TrainConfig&, const Datasets&, c10::Device);
  // Weights of init.from: the file that holds them, and tensors by name.
  struct Weights {
    std::filesystem::path file;
    TensorMap tensors;
  };
  Weights (*read_weights)(const std::filesystem::path&);
  // Adds to the estimate what measuring and previews need, and encoders.
  void (*add_measuring)(const TrainConfig&, const Datasets&, Objective&, TrainingMemory&);
};

// Throws InternalError for a name that the configuration does not allow.
const Task& find_task(const std::string& name);

}  // namespace sana::train
