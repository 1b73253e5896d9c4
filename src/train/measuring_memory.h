// The memory that measuring, previews and encoders need beside the steps, by task.
#pragma once
#include <torch/nn/module.h>

#include <cstdint>

#include "train/datasets.h"
#include "train/objective.h"
#include "train/training_memory.h"

namespace sana::train {

void add_dit_measuring(const TrainConfig& config, const Datasets& datasets, Objective& objective,
                       TrainingMemory& memory);
void add_vae_measuring(const TrainConfig& config, const Datasets& datasets, Objective& objective,
                       TrainingMemory& memory);

// The first sample of the largest bucket, `batch_size` times.
data::Batch largest_batch(const data::Dataset& dataset, int64_t batch_size);
// Of parameters and buffers.
int64_t module_bytes(const torch::nn::Module& module);

}  // namespace sana::train
