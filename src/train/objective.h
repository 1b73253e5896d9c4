// What a single loss needs of a task: a model, its loss, and how to measure and show it. The
// trainer knows nothing of diffusion or of VAEs.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/counter_random.h"
#include "core/distributed/communicator.h"
#include "core/error.h"
#include "data/batch.h"

namespace sana::train {

// A part of the loss that is reported under its own name; more than one value makes a list.
struct MetricPart {
  std::string name;
  int64_t size = 1;
};

struct LossOutput {
  at::Tensor loss;    // [] float32, with gradient
  at::Tensor sums;    // [P] float32: the parts in the order of metric_parts(), end to end;
  at::Tensor counts;  // [P] float32: reported is sum / count over the logged steps
};

class Objective {
 public:
  virtual ~Objective() = default;

  // The module that is trained.
  virtual torch::nn::Module& module() = 0;
  virtual std::vector<MetricPart> metric_parts() const = 0;

  // What the loss of one micro-batch depends on besides the weights: its samples, noise and levels,
  // on the device. All randomness is drawn here, for each sample by its place in the global batch.
  virtual std::vector<at::Tensor> draw(const data::Batch& batch, const StepRandom& random) = 0;

  // Loss of what draw() gave: a pure function of these tensors and the weights that never makes the
  // host wait, so that its kernels can be recorded once and replayed (MicroStep).
  virtual LossOutput loss(const std::vector<at::Tensor>& inputs) = 0;

  // From now on loss() computes this process' part of samples that the members of the group share:
  // the mean of what they return is the loss, and its gradient the mean of theirs. draw() gives
  // whole samples, and the other functions compute with them. `group` outlives this; null: none.
  // For tasks whose configuration has parallel.sequence.
  virtual void share_samples(Communicator* /*group*/) {
    throw InternalError("this task does not share samples");
  }

  // Words in the names of parameters that a step may leave without a gradient, since not every
  // batch uses them. Any other trained parameter that the first step does not reach is an error.
  virtual std::vector<std::string> may_lack_gradient() const { return {}; }

  // In which the module is measured, shown and shipped, when it trains in `precision`.
  virtual c10::ScalarType inference_dtype(c10::ScalarType precision) const { return precision; }

  // Measures on the held-out set with fixed randomness, as {"val_...": number or list}; null when
  // there is no such set. Throws Stopped when a signal asks to stop meanwhile.
  virtual nlohmann::ordered_json validate() = 0;

  // Writes pictures or videos of the present state into `directory`.
  virtual void preview(const std::filesystem::path& directory) = 0;

  // Adds what inference needs, besides the weights, to a checkpoint folder.
  virtual void write_inference_files(const std::filesystem::path& directory) = 0;
  // Whether that takes the weights that are shipped; else it is called while training goes on, and
  // touches nothing that training changes.
  virtual bool inference_files_need_weights() const { return false; }

  // Lines of the start-up table: name and value.
  virtual std::vector<std::pair<std::string, std::string>> describe() const = 0;
};

}  // namespace sana::train
