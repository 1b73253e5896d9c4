// How much memory training will need on the device, by owner.
#pragma once
#include <cstdint>

#include "train/datasets.h"

namespace sana::train {

// Bytes on the device. Everything but `activations` and `measuring` stays during the whole run.
struct TrainingMemory {
  int64_t parameters = 0;  // numbers that are trained
  int64_t outside = 0;     // of them those that are of no block of the network
  int64_t weights = 0;     // in the precision of the passes, and the float32 ones behind them
  int64_t gradients = 0;   // their float32 sum
  int64_t optimizer = 0;   // both moments
  int64_t average = 0;     // the moving average
  int64_t preview = 0;     // the VAE that decodes previews
  // VAE and text encoder of clips that are not prepared, and the most that encoding one adds, which
  // happens beside the steps.
  int64_t encoders = 0;

  // Highest need above those of one step, and of measuring on held-out clips or drawing previews.
  int64_t activations = 0;
  int64_t measuring = 0;

  int64_t lasting() const { return weights + gradients + optimizer + average + preview + encoders; }
  int64_t peak() const;
};

// Runs a step of the largest batch, forward and backward, without data. Nothing is loaded but the
// configurations and one batch. The float32 gradients of a float32 run live only within a step,
// but are counted as lasting. `processes`: that share the run, each on a device of its own, with the
// parts of the weights and of the clips' frames that config.parallel gives each; of the latter the
// largest. With full sharding `activations` has the weights of blocks that compute, and gradients
// that travel.
TrainingMemory estimate_training(const TrainConfig& config, const Datasets& datasets,
                                 int64_t processes = 1);

}  // namespace sana::train
