#include "train/training_memory.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/device.h"
#include "core/distributed/silent_member.h"
#include "core/memory/meta_memory.h"
#include "model/parameter.h"
#include "train/build.h"
#include "train/master_weights.h"
#include "train/measuring_memory.h"
#include "train/micro_step.h"
#include "train/task.h"

namespace sana::train {
namespace {

int64_t elements(const std::vector<at::Tensor>& tensors) {
  int64_t count = 0;
  for (const at::Tensor& tensor : tensors) count += tensor.numel();
  return count;
}

// The gradients of one optimizer step, over two micro-steps where the run has more than one.
void accumulate(const TrainConfig& config, MicroStep& micro_step, MasterWeights& weights,
                const std::vector<at::Tensor>& inputs) {
  const int64_t micro_steps = std::min<int64_t>(config.train.accumulation, 2);
  for (int64_t i = 0; i < micro_steps; ++i) {
    micro_step.run(inputs);
    weights.collect_gradients();
  }
  weights.gradients();
  weights.clear_gradients();
}

// Highest need of a step on this batch, its gradients included where they do not outlive it.
int64_t step_peak(const TrainConfig& config, Objective& objective, MasterWeights& weights,
                  const data::Batch& batch) {
  MicroStep micro_step(objective, 1.0 / double(config.train.accumulation), /*record=*/false);
  const StepRandom random(0, 1);
  const auto step = [&] { accumulate(config, micro_step, weights, objective.draw(batch, random)); };
  peak_meta_bytes(step);  // the first one also makes what lasts
  return peak_meta_bytes(step);
}

// Of several processes: what each has of the float32 numbers, and the buckets that travel.
void share(const TrainConfig& config, int64_t processes, TrainingMemory& memory) {
  const int64_t parts = config.parallel.shard_optimizer ? processes : 1;
  const int64_t trained = memory.parameters * int64_t(sizeof(float));
  const bool has_copy = parse_dtype(config.precision) != at::kFloat;
  if (has_copy) memory.weights -= trained - trained / parts;
  memory.optimizer /= parts;
  memory.average /= parts;
  // Sums of earlier micro-steps of a bfloat16 module lie beside the buckets.
  memory.gradients = trained + (has_copy && config.train.accumulation > 1 ? trained : 0) +
                     (parts > 1 ? trained / parts : 0) +
                     (config.parallel.reduce_precision == "float32" ? 0 : trained / 2);
}

}  // namespace

int64_t TrainingMemory::peak() const { return lasting() + std::max(activations, measuring); }

TrainingMemory estimate_training(const TrainConfig& given, const Datasets& datasets,
                                 int64_t processes) {
  TrainConfig config = given;
  config.preview.every_steps = 0;  // added below, without a text encoder
  const auto precision = parse_dtype(config.precision);
  TrainingMemory memory;

  const model::UnfilledParameters unfilled(at::kMeta);
  const auto objective = build_objective(config, datasets, at::kMeta, /*load_init=*/false);
  MasterWeights weights(objective->module(), precision);
  const bool has_copy = precision != at::kFloat;
  const int64_t trained = elements(weights.weights()) * int64_t(sizeof(float));
  memory.weights = module_bytes(objective->module()) + (has_copy ? weights.bytes() : 0);
  memory.parameters = elements(weights.weights());
  memory.gradients = trained;
  memory.optimizer = 2 * trained;
  memory.average = config.train.ema_decay ? trained : 0;

  SilentMember sequence(0, config.parallel.mesh(processes).sequence);
  if (sequence.size() > 1) objective->share_samples(&sequence);
  int64_t peak = step_peak(config, *objective, weights,
                           largest_batch(*datasets.videos, config.data.batch_size));
  if (datasets.images && config.data.image_every_steps > 0) {
    peak = std::max(peak, step_peak(config, *objective, weights,
                                    largest_batch(*datasets.images, config.data.image_batch_size)));
  }
  if (sequence.size() > 1) objective->share_samples(nullptr);  // whole clips are measured
  memory.activations = peak - (has_copy ? 0 : memory.gradients) + kMatrixWorkspaceBytes;

  if (processes > 1) share(config, processes, memory);
  find_task(config.task).add_measuring(given, datasets, *objective, memory);
  return memory;
}

}  // namespace sana::train
