#include "train/measuring_memory.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "checkpoints/text_encoder_memory.h"
#include "checkpoints/vae_source.h"
#include "core/device.h"
#include "core/memory/meta_memory.h"

namespace sana::train {

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

int64_t module_bytes(const torch::nn::Module& module) {
  int64_t bytes = 0;
  for (const at::Tensor& tensor : module.parameters()) bytes += int64_t(tensor.nbytes());
  for (const at::Tensor& tensor : module.buffers()) bytes += int64_t(tensor.nbytes());
  return bytes;
}

namespace {

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
  const std::vector<at::Tensor> inputs = objective.draw(batch, StepRandom(0, 1));
  const int64_t swapped = has_copy ? module_bytes(objective.module()) : 0;
  return swapped + peak_meta_bytes([&] { objective.loss(inputs); });
}

}  // namespace

void add_vae_measuring(const TrainConfig& config, const Datasets& datasets, Objective&,
                       TrainingMemory& memory) {
  if (datasets.validation) {
    memory.measuring = vae_measuring(config, *datasets.validation, config.data.batch_size);
  }
  if (config.preview.every_steps == 0) return;
  const auto& shown = datasets.validation ? *datasets.validation : *datasets.videos;
  memory.measuring = std::max(memory.measuring, vae_measuring(config, shown, 1));
}

void add_dit_measuring(const TrainConfig& config, const Datasets& datasets, Objective& objective,
                       TrainingMemory& memory) {
  if (datasets.are_encoded()) memory.encoders = encoders_bytes(config, *datasets.videos);
  const data::Dataset& measured = datasets.validation ? *datasets.validation : *datasets.videos;
  const bool has_copy = parse_dtype(config.precision) != at::kFloat;
  memory.measuring =
      dit_measuring(objective, largest_batch(measured, config.data.batch_size), has_copy);
  if (config.preview.every_steps > 0) add_previews(config, datasets, memory);
}

}  // namespace sana::train
