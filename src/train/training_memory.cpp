#include "train/training_memory.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "checkpoints/text_encoder_memory.h"
#include "checkpoints/vae_source.h"
#include "core/device.h"
#include "core/memory/meta_memory.h"
#include "model/parameter.h"
#include "train/build.h"
#include "train/master_weights.h"
#include "train/micro_step.h"

namespace sana::train {
namespace {

// The first sample of the largest bucket, `batch_size` times.
data::Batch largest_batch(const data::Dataset& dataset, int64_t batch_size) {
  const auto pixels = [&](int64_t index) { return dataset.info(index).bucket.pixels(); };
  int64_t largest = 0;
  for (int64_t i = 1; i < dataset.size(); ++i) {
    if (pixels(i) > pixels(largest)) largest = i;
  }
  const auto count = size_t(batch_size);
  return data::stack_samples(dataset, std::vector<int64_t>(count, largest),
                             std::vector<data::Sample>(count, dataset.like(largest)));
}

int64_t elements(const std::vector<at::Tensor>& tensors) {
  int64_t count = 0;
  for (const at::Tensor& tensor : tensors) count += tensor.numel();
  return count;
}

int64_t module_bytes(const torch::nn::Module& module) {
  int64_t bytes = 0;
  for (const at::Tensor& tensor : module.parameters()) bytes += int64_t(tensor.nbytes());
  for (const at::Tensor& tensor : module.buffers()) bytes += int64_t(tensor.nbytes());
  return bytes;
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
  RandomStreams streams(0);
  const auto step = [&] {
    accumulate(config, micro_step, weights, objective.draw(batch, streams));
  };
  peak_meta_bytes(step);  // the first one also makes what lasts
  return peak_meta_bytes(step);
}

at::TensorOptions meta_floats() { return at::TensorOptions().device(at::kMeta).dtype(at::kFloat); }

// Whole held-out clips through the VAE in float32.
int64_t vae_measuring(const TrainConfig& config, const data::Dataset& dataset, int64_t batch_size) {
  model::WanVae vae(config.vae);
  const at::NoGradGuard no_grad;
  const at::Tensor input =
      at::empty(largest_batch(dataset, batch_size).data.sizes(), meta_floats());
  return int64_t(input.nbytes()) +
         peak_meta_bytes([&] { vae->decode_chunked(vae->encode_chunked(input).mean); });
}

// The VAE of the previews, and what decoding one of them needs.
void add_previews(const TrainConfig& config, const Datasets& datasets, TrainingMemory& memory) {
  std::unique_ptr<model::VideoVae> vae;
  const auto source = checkpoints::find_vae(config.vae_checkpoint);
  memory.preview = peak_meta_bytes([&] { vae = source.without_weights(at::kFloat); });
  const at::Tensor latents =
      at::empty(largest_batch(*datasets.videos, 1).data.sizes(), meta_floats());
  const int64_t decoding = peak_meta_bytes([&] { vae->decode(latents); });
  memory.measuring = std::max(memory.measuring, decoding);
}

int64_t encoders_bytes(const TrainConfig& config, const data::Dataset& videos) {
  std::unique_ptr<model::VideoVae> vae;
  const auto source = checkpoints::find_vae(config.vae_checkpoint);
  const int64_t vae_weights = peak_meta_bytes([&] { vae = source.without_weights(at::kFloat); });
  const ClipSize bucket = largest_batch(videos, 1).bucket;
  const at::Tensor video =
      at::empty({1, 3, bucket.frames, bucket.height, bucket.width}, meta_floats());
  const int64_t encoding = int64_t(video.nbytes()) + peak_meta_bytes([&] { vae->encode(video); });
  const auto text = checkpoints::text_encoder_memory(config.text_encoder);
  return vae_weights + text.weights + std::max(encoding, text.activations);
}

// A batch without gradients; in bfloat16 the weights that are measured stand beside the others.
int64_t dit_measuring(Objective& objective, const data::Batch& batch, bool has_copy) {
  const at::NoGradGuard no_grad;
  RandomStreams streams(0);
  const std::vector<at::Tensor> inputs = objective.draw(batch, streams);
  const int64_t swapped = has_copy ? module_bytes(objective.module()) : 0;
  return swapped + peak_meta_bytes([&] { objective.loss(inputs); });
}

}  // namespace

int64_t TrainingMemory::peak() const { return lasting() + std::max(activations, measuring); }

TrainingMemory estimate_training(const TrainConfig& given, const Datasets& datasets) {
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
  memory.gradients = trained;
  memory.optimizer = 2 * trained;
  memory.average = config.train.ema_decay ? trained : 0;

  int64_t peak = step_peak(config, *objective, weights,
                           largest_batch(*datasets.videos, config.data.batch_size));
  if (datasets.images && config.data.image_every_steps > 0) {
    peak = std::max(peak, step_peak(config, *objective, weights,
                                    largest_batch(*datasets.images, config.data.image_batch_size)));
  }
  memory.activations = peak - (has_copy ? 0 : memory.gradients) + kMatrixWorkspaceBytes;

  if (config.trains_vae()) {
    if (datasets.validation) {
      memory.measuring = vae_measuring(config, *datasets.validation, config.data.batch_size);
    }
    if (given.preview.every_steps > 0) {
      const auto& shown = datasets.validation ? *datasets.validation : *datasets.videos;
      memory.measuring = std::max(memory.measuring, vae_measuring(config, shown, 1));
    }
    return memory;
  }
  if (datasets.are_encoded()) memory.encoders = encoders_bytes(config, *datasets.videos);
  const data::Dataset& measured = datasets.validation ? *datasets.validation : *datasets.videos;
  memory.measuring =
      dit_measuring(*objective, largest_batch(measured, config.data.batch_size), has_copy);
  if (given.preview.every_steps > 0) add_previews(config, datasets, memory);
  return memory;
}

}  // namespace sana::train
