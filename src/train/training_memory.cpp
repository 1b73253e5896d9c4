#include "train/training_memory.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <memory>

#include "core/device.h"
#include "core/distributed/mesh.h"
#include "core/distributed/silent_member.h"
#include "core/memory/meta_memory.h"
#include "model/parameter.h"
#include "train/build.h"
#include "train/master_weights.h"
#include "train/measuring_memory.h"
#include "train/micro_step.h"
#include "train/task.h"
#include "train/trained_module.h"

namespace sana::train {
namespace {

// The gradients of one optimizer step, over two micro-steps where the run has more than one.
void accumulate(const TrainConfig& config, MicroStep& micro_step, MasterWeights& weights,
                const std::vector<at::Tensor>& inputs) {
  const int64_t micro_steps = std::min<int64_t>(config.train.accumulation, 2);
  for (int64_t i = 0; i < micro_steps; ++i) {
    weights.begin_pass(/*is_last=*/i + 1 == micro_steps);
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

// With full sharding each process has a part of everything, and of the weights what stays whole.
void share_all(const TrainConfig& config, const MasterWeights& weights, TrainingMemory& memory) {
  const int64_t size = int64_t(c10::elementSize(parse_dtype(config.precision)));
  const bool has_copy = size < int64_t(sizeof(float));
  int64_t part = 0;
  for (const at::Tensor& weight : weights.weights()) part += int64_t(weight.nbytes());
  // Instead of the trained parameters in the precision of the passes.
  memory.weights += weights.staying_bytes() - memory.parameters * size;
  memory.weights += has_copy ? part / 2 : part;  // a copy that is sent, or the weights themselves
  const bool sums = config.train.accumulation > 1;
  const bool travels_short = config.parallel.reduce_precision != "float32";
  memory.gradients = part + (sums ? part : 0) + (travels_short ? part / 2 : 0);
  memory.optimizer = 2 * part;
  if (memory.average > 0) memory.average = part;
  memory.outside = weights.staying_bytes() / size;
}

std::unique_ptr<MasterWeights> make_weights(const TrainConfig& config, Objective& objective,
                                            Communicator& all, const Mesh& mesh) {
  const auto precision = parse_dtype(config.precision);
  if (!mesh.shard) return std::make_unique<MasterWeights>(objective.module(), precision);
  const WeightGroups groups = {all, mesh.shard.get(), mesh.replicas.get()};
  return std::make_unique<MasterWeights>(objective.module(), precision, groups,
                                         TrainedModule::settings_of(config).share);
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
  SilentMember all(0, processes);
  const Mesh mesh = join_mesh(config.parallel.mesh(processes), {0, processes, 0}, all);
  const bool is_full = mesh.shard != nullptr;
  const auto masters = make_weights(config, *objective, all, mesh);
  MasterWeights& weights = *masters;
  const bool has_copy = precision != at::kFloat;
  memory.parameters = weights.num_trained();
  const int64_t trained = memory.parameters * int64_t(sizeof(float));
  memory.weights = module_bytes(objective->module()) + (has_copy ? weights.bytes() : 0);
  memory.gradients = trained;
  memory.optimizer = 2 * trained;
  memory.average = config.train.ema_decay ? trained : 0;
  if (is_full) share_all(config, weights, memory);

  if (mesh.sequence) objective->share_samples(mesh.sequence.get());
  int64_t peak = step_peak(config, *objective, weights,
                           largest_batch(*datasets.videos, config.data.batch_size));
  if (datasets.images && config.data.image_every_steps > 0) {
    peak = std::max(peak, step_peak(config, *objective, weights,
                                    largest_batch(*datasets.images, config.data.image_batch_size)));
  }
  if (mesh.sequence) objective->share_samples(nullptr);  // whole clips are measured
  // In float32 they are counted as lasting, but live within the step.
  const bool counted_twice = !has_copy && !is_full;
  memory.activations = peak - (counted_twice ? memory.gradients : 0) + kMatrixWorkspaceBytes;

  if (processes > 1 && !is_full) share(config, processes, memory);
  find_task(config.task).add_measuring(given, datasets, *objective, memory);
  // Rank 0 measures with whole weights, which it gathers in float32.
  const bool in_parts = is_full || (processes > 1 && config.parallel.shard_optimizer);
  if (in_parts && memory.measuring > 0) memory.measuring += trained;
  return memory;
}

}  // namespace sana::train
