// Steps of several members of a run, as threads and without a trainer around them, against those of
// one process.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/distributed/communicator.h"
#include "core/safetensors.h"
#include "support/temporary_directory.h"
#include "train/trainer_config.h"

namespace sana_test {

// Samples of a step, whoever shares them.
inline constexpr int64_t kGlobalBatch = 4;

struct Trained {
  sana::TensorMap module;  // as every member computes with it
  sana::TensorMap weights, average, optimizer;
  std::vector<double> losses, parts, norms;  // parts: those of the losses, 0 where there is none
  size_t bad_steps = 0;
};

Trained train_alone(const sana::train::TrainConfig& config, int64_t steps);

// What a member says goes through what this makes of its communicator.
using Through =
    std::function<std::unique_ptr<sana::Communicator>(std::unique_ptr<sana::Communicator>)>;

// By `size` processes in the mesh of config.parallel; what rank 0 has. All must end with the same
// weights, bit for bit.
Trained train_together(const sana::train::TrainConfig& config, int64_t size, int64_t micro_steps,
                       int64_t steps, const Through& through = {});

// What in `many` is not that of `one` to float32 rounding, the first of it; empty: nothing.
std::string difference(const Trained& one, const Trained& many);

// A training on clips of 5 latent frames, and images at every third step. It begins with weights of
// which none is zero as a whole, as where frames meet they are in a fresh model.
sana::train::TrainConfig long_clips(const TemporaryDirectory& folder, int64_t layers = 2);

// A whole run, with validation, checkpoints and log, by threads. `through`: of the data group.
void run_together(const sana::train::TrainConfig& config, int64_t size,
                  const Through& through = {});

// Says everything as `inner` does, but what is summed, gathered or given under one name comes out
// wrong by a factor; so do its parts.
std::unique_ptr<sana::Communicator> wrong_factor(std::unique_ptr<sana::Communicator> inner,
                                                 const std::string& name, double factor);
// Says everything as `inner` does, and calls this in every step, before it tells its losses.
std::unique_ptr<sana::Communicator> acting(std::unique_ptr<sana::Communicator> inner,
                                           std::function<void()> act);

}  // namespace sana_test
