#include "train/step_flops.h"

#include <ATen/ATen.h>

#include "core/memory/flops.h"
#include "data/loading/epoch_plan.h"
#include "model/parameter.h"
#include "train/build.h"
#include "train/data_streams.h"

namespace sana::train {
namespace {

// Each product of the forward pass has two in the backward pass, for its two factors.
constexpr int64_t kPassesOfStep = 3;

data::Batch batch_like(const data::Dataset& dataset, int64_t index, int64_t batch_size) {
  const auto count = size_t(batch_size);
  return data::stack_samples(dataset, std::vector<int64_t>(count, index),
                             std::vector<data::Sample>(count, dataset.like(index)));
}

// Of the steps of a run.
double share_of_steps(const std::vector<StreamSpec>& specs, size_t stream) {
  double of_others = 0;
  for (const StreamSpec& spec : specs) {
    if (spec.every_steps > 0) of_others += 1.0 / double(spec.every_steps);
  }
  const int64_t every = specs[stream].every_steps;
  return every > 0 ? 1.0 / double(every) : 1.0 - of_others;
}

}  // namespace

StepFlops::StepFlops(const TrainConfig& config, const Datasets& datasets)
    : config_(config), datasets_(datasets) {
  config_.preview.every_steps = 0;  // no text encoder is needed
  config_.vae_checkpoint.clear();   // nor a VAE
}

StepFlops::~StepFlops() = default;

int64_t StepFlops::of(const data::Batch& batch) {
  const std::vector<int64_t> sizes = batch.data.sizes().vec();
  if (const auto known = known_.find(sizes); known != known_.end()) return known->second;
  if (!objective_) {
    const model::UnfilledParameters unfilled(at::kMeta);
    objective_ = build_objective(config_, datasets_, at::kMeta, /*load_init=*/false);
  }
  const at::NoGradGuard no_grad;
  const std::vector<at::Tensor> inputs = objective_->draw(batch, StepRandom(0, 1));
  return known_[sizes] = kPassesOfStep * count_flops([&] { objective_->loss(inputs); });
}

double StepFlops::mean_step(int64_t batch_parts) {
  const std::vector<StreamSpec> specs = stream_specs(config_, datasets_);
  double flops = 0;
  for (size_t i = 0; i < specs.size(); ++i) {
    const data::Dataset& dataset = *specs[i].dataset;
    double weighted = 0, weights = 0;
    for (const auto& [bucket, samples] : data::samples_by_bucket(dataset)) {
      double weight = 0;
      for (const int64_t sample : samples) weight += dataset.info(sample).weight;
      weighted += weight * double(of(batch_like(dataset, samples.front(), specs[i].batch_size)));
      weights += weight;
    }
    flops += share_of_steps(specs, i) * weighted / weights;
  }
  return flops * double(config_.train.accumulation * batch_parts);
}

}  // namespace sana::train
