// Forward and backward pass of one micro-batch, issued kernel by kernel or replayed as a CUDA
// graph.
#pragma once
#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "train/objective.h"

namespace sana::train {

class RecordedStep;

// A small model spends more time on launching its thousands of kernels than on running them. With
// `record`, the second micro-batch of each shape is recorded as a CUDA graph (the first one runs
// eagerly, so that libraries choose their algorithms); later ones of that shape are one launch.
// Recorded and eager passes run the same kernels on the same values.
class MicroStep {
 public:
  // `loss_scale` multiplies the loss before the backward pass. `record` is for CUDA only, and the
  // current stream must not be the default one.
  MicroStep(Objective& objective, double loss_scale, bool record);
  ~MicroStep();
  MicroStep(const MicroStep&) = delete;
  MicroStep& operator=(const MicroStep&) = delete;

  // Whether passes are recorded and replayed, so that autograd tells nobody of a gradient.
  bool records() const { return record_; }

  // Leaves gradients in the module's parameters, which must have none (with `record`) before.
  // Returns the loss without gradient.
  LossOutput run(const std::vector<at::Tensor>& inputs);

 private:
  LossOutput eager(const std::vector<at::Tensor>& inputs);

  Objective& objective_;
  double loss_scale_;
  bool record_;
  bool warned_ = false;
  std::map<std::string, std::unique_ptr<RecordedStep>> recorded_;  // by shapes; null: seen once
};

}  // namespace sana::train
