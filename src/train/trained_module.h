// A module that is trained and everything that belongs to it: float32 weights, optimizer, learning
// rate, moving average. A run may have several (a generator and a critic), each with its own.
#pragma once
#include <torch/nn/module.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/safetensors.h"
#include "train/ema.h"
#include "train/lr_schedule.h"
#include "train/master_weights.h"
#include "train/optimizer.h"
#include "train/owned_tensors.h"
#include "train/trainer_config.h"

namespace sana::train {

// What a checkpoint keeps of a module. The main module is called "model".
struct ModuleState {
  std::string name;
  TensorMap weights;  // float32
  TensorMap average;  // empty: none is kept
  TensorMap optimizer;
};
inline constexpr const char* kMainModule = "model";

class TrainedModule {
 public:
  // How it is trained.
  struct Settings {
    OptimizerConfig optimizer;
    LrScheduleConfig schedule;
    int64_t steps = 0;  // of the whole run
    std::optional<double> ema_decay;
    at::ScalarType precision = at::kFloat;
    ShareOptions share;
  };
  static Settings settings_of(const TrainConfig& config);

  // Takes the values that `module` has, and converts it to the precision. `groups`: the processes
  // that train it together.
  TrainedModule(std::string name, torch::nn::Module& module, Settings settings,
                const WeightGroups& groups);

  const std::string& name() const { return name_; }
  torch::nn::Module& module() { return module_; }
  MasterWeights& weights() { return weights_; }
  bool has_average() const { return average_.has_value(); }
  // Of the step that follows `steps_done`.
  double learning_rate(int64_t steps_done) const;

  // Limits the norm of the summed gradients; returns the norm before, a float32 scalar on the
  // device.
  at::Tensor clip();
  // Ends step `number` (from 1 on) with the summed gradients, or without effect where `skip` is 1:
  // updates weights, module and average, clears the gradients.
  void update(int64_t number, const at::Tensor& skip);

  // Calls `body` while the module computes in `dtype` with the weights that are measured, shown and
  // shipped: the average where one is kept. All processes call it; `body` runs on rank 0.
  void with_inference_weights(at::ScalarType dtype, const std::function<void()>& body);

  // All processes call it; the tensors are on rank 0.
  ModuleState state() const;
  // What this process writes of that into a checkpoint, copied to the host by `copies`, whose wait()
  // is still to be called. All processes call it.
  std::vector<SavedPart> saved_parts(HostCopies& copies) const;
  // Throws UserError that names the files of `checkpoint` and lists what does not fit.
  void restore(const ModuleState& state, const std::filesystem::path& checkpoint);

 private:
  Writer writer() const;

  std::string name_;
  torch::nn::Module& module_;
  Settings settings_;
  Communicator& group_;
  MasterWeights weights_;
  AdamW optimizer_;
  std::optional<Ema> average_;
};

// File of a part ("weights", "average", "optimizer") of a module in a checkpoint folder.
std::string module_file(const std::string& module, const std::string& part);

}  // namespace sana::train
