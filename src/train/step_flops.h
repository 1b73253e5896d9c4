// How much a training computes, counted from the shapes of its batches.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "train/datasets.h"
#include "train/objective.h"
#include "train/trainer_config.h"

namespace sana::train {

class StepFlops {
 public:
  StepFlops(const TrainConfig& config, const Datasets& datasets);
  ~StepFlops();

  // Floating point operations of a micro-step on such a batch: three times those of the loss, since
  // the backward pass computes the gradients of inputs and weights. What is recomputed there does
  // not count, frozen parts do. The first batch of a size takes a while.
  int64_t of(const data::Batch& batch);
  // The mean over the steps of a run of what a step of all processes together needs.
  double mean_step(int64_t batch_parts);

 private:
  TrainConfig config_;
  Datasets datasets_;
  std::unique_ptr<Objective> objective_;  // on the meta device, when it is first asked for
  std::map<std::vector<int64_t>, int64_t> known_;
};

}  // namespace sana::train
