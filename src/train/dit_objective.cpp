#include "train/dit_objective.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "core/signals.h"
#include "data/loading/epoch_plan.h"
#include "train/inference_files.h"
#include "train/transfer.h"

namespace sana::train {
namespace {

// Levels [B] in the middle of a noise band: the shift solved for i.
NoiseLevels band_levels(int64_t band, int64_t batch, double shift) {
  const double sigma = (double(band) + 0.5) / double(kNoiseBands);
  const double index = std::round(kNoiseLevels * sigma / (shift - (shift - 1.0) * sigma));
  const auto level = std::clamp<int64_t>(int64_t(index), 0, kNoiseLevels - 1);
  return shifted_levels(at::full({batch}, level, at::kLong), shift);
}

// Of latents [B, C, T, h, w].
NoiseShape noise_shape(const at::Tensor& latents) {
  return {latents.size(1), latents.size(2), latents.size(3), latents.size(4)};
}

}  // namespace

DitObjective::DitObjective(const TrainConfig& config, const Datasets& datasets, c10::Device device)
    : config_(config), datasets_(datasets), device_(device) {
  check_data();
  model_ = model::SanaVideo(config.model);
  RandomStreams streams(uint64_t(config.run.seed));
  model::initialize_weights(model_, streams.get("weights"));
  model_->set_gradient_checkpointing(config.train.gradient_checkpointing);
  model_->to(device);
  if (config.vae_checkpoint.empty()) return;
  auto vae = matching_vae(config, datasets, device.is_meta() ? c10::Device(at::kCPU) : device);
  if (config.preview.every_steps > 0) {
    preview_ = std::make_unique<DitPreview>(config, *datasets.videos, std::move(vae), device);
  }
}

void DitObjective::check_data() const {
  const data::Dataset& videos = *datasets_.videos;
  const std::string name = config_.data.video_sets().front().second.path;
  const int64_t text_dim = videos.null_text().size(2);
  require(
      text_dim == config_.model.text_dim,
      "model.text_dim is {}, but the captions of {} were encoded {} wide; set model.text_dim={}",
      config_.model.text_dim, name, text_dim, text_dim);
  const int64_t channels = videos.like(0).latents.size(0);
  require(
      channels == config_.model.latent_channels,
      "model.latent_channels is {}, but the latents of {} have {}; set model.latent_channels={}",
      config_.model.latent_channels, name, channels, channels);
}

std::vector<MetricPart> DitObjective::metric_parts() const {
  return {{"loss_by_sigma", kNoiseBands}};
}

at::Tensor DitObjective::sample_losses(const at::Tensor& clean, const at::Tensor& noise,
                                       const NoiseLevels& levels, const at::Tensor& text,
                                       const at::Tensor& text_mask, const model::FramePart& part) {
  const at::Tensor noisy = add_noise(clean, noise, levels.sigma);
  const at::Tensor velocity = model_->forward_part(noisy, levels.timestep, text, text_mask, part);
  return velocity_loss(velocity, clean, noise);
}

// The noise is that of the whole clip, drawn by each member and cut as the clip is: it is a function
// of the place in the clip, and small beside the activations.
at::Tensor DitObjective::shared_losses(const at::Tensor& clean, const at::Tensor& noise,
                                       const NoiseLevels& levels, const at::Tensor& text,
                                       const at::Tensor& text_mask) {
  const int64_t frames = model::token_grid(clean, config_.model.patch_size).frames;
  const int64_t members = group_->size();
  // Of an image there is nothing to share: each member computes all of it, and the mean of equal
  // losses is that loss.
  if (frames < members) return sample_losses(clean, noise, levels, text, text_mask);
  const auto range = model::frames_of_member(frames, group_->rank(), members);
  const int64_t patch = config_.model.patch_size.front();
  const auto cut = [&](const at::Tensor& latents) {
    return latents.narrow(2, range.first * patch, range.count * patch);
  };
  const at::Tensor losses =
      sample_losses(cut(clean), cut(noise), levels, text, text_mask, {group_, range.first});
  // Means over parts that may differ in length, weighted so that their mean is that over the clip.
  return losses * (double(range.count * members) / double(frames));
}

void DitObjective::drop_captions(data::Batch& batch, const RandomStream& stream) const {
  const double share = config_.data.caption_dropout;
  if (share == 0.0) return;
  const at::Tensor drop = at::empty({batch.text.size(0)}, at::kBool);
  for (int64_t i = 0; i < drop.size(0); ++i) {
    drop.mutable_data_ptr<bool>()[i] = stream.uniform(batch.first_index + i) < share;
  }
  batch.text = at::where(drop.view({-1, 1, 1}), datasets_.videos->null_text(), batch.text);
  batch.text_mask =
      at::where(drop.view({-1, 1}), datasets_.videos->null_text_mask(), batch.text_mask);
}

std::vector<at::Tensor> DitObjective::draw(const data::Batch& batch, const StepRandom& random) {
  data::Batch conditioned = batch;
  drop_captions(conditioned, random.stream("caption_dropout"));
  const int64_t count = batch.data.size(0);
  const at::Tensor indices =
      sample_level_indices(batch.first_index, count, config_.flow, random.stream("timestep"));
  const NoiseLevels levels = shifted_levels(to_device(indices, device_), config_.flow.shift);
  const at::Tensor clean = to_device(batch.data, device_);
  const at::Tensor noise =
      random.stream("noise").noise(batch.first_index, count, noise_shape(batch.data), device_);
  return {clean,
          noise,
          levels.sigma,
          levels.timestep,
          to_device(conditioned.text, device_),
          to_device(conditioned.text_mask, device_)};
}

LossOutput DitObjective::loss(const std::vector<at::Tensor>& inputs) {
  const NoiseLevels levels = {inputs[2], inputs[3]};
  const at::Tensor losses = group_ != nullptr
                                ? shared_losses(inputs[0], inputs[1], levels, inputs[4], inputs[5])
                                : sample_losses(inputs[0], inputs[1], levels, inputs[4], inputs[5]);
  const BandSums bands = sum_by_band(losses, levels.sigma);
  return {losses.mean(), bands.sums, bands.counts};
}

nlohmann::ordered_json DitObjective::validate() {
  if (!datasets_.validation) return nullptr;
  at::NoGradGuard no_grad;
  // The same noise at every call, so that curves show the model and not the draw.
  const StepRandom random(/*seed=*/0, /*step=*/0);
  const auto batches = data::batches_of_each_once(*datasets_.validation, config_.data.batch_size);
  const int64_t count =
      std::min<int64_t>(config_.train.validation_batches, int64_t(batches.size()));
  at::Tensor sums = at::zeros({kNoiseBands}, at::kDouble);
  int64_t samples = 0;
  for (int64_t b = 0; b < count; ++b) {
    throw_if_stopped();
    const data::Batch batch = datasets_.validation->read(batches[size_t(b)]);
    const at::Tensor clean = to_device(batch.data, device_);
    const at::Tensor text = to_device(batch.text, device_);
    const at::Tensor text_mask = to_device(batch.text_mask, device_);
    for (int64_t band = 0; band < kNoiseBands; ++band) {
      const at::Tensor noise =
          random.stream(fmt::format("noise of band {}", band))
              .noise(samples, batch.data.size(0), noise_shape(batch.data), device_);
      NoiseLevels levels = band_levels(band, batch.data.size(0), config_.flow.shift);
      levels = {to_device(levels.sigma, device_), to_device(levels.timestep, device_)};
      const at::Tensor losses = sample_losses(clean, noise, levels, text, text_mask);
      sums[band] += losses.sum().to(at::kCPU, at::kDouble);
    }
    samples += batch.data.size(0);
  }
  const at::Tensor means = sums / double(samples);
  nlohmann::ordered_json result;
  result["val_loss"] = means.mean().item<double>();
  for (int64_t band = 0; band < kNoiseBands; ++band) {
    result["val_loss_by_sigma"].push_back(means[band].item<double>());
  }
  return result;
}

void DitObjective::preview(const std::filesystem::path& directory) {
  if (preview_) preview_->write(model_, directory);
}

void DitObjective::write_inference_files(const std::filesystem::path& directory) {
  write_dit_inference_files(directory, config_, *datasets_.videos, datasets_.images.get());
}

// "on 4 processes", and the buckets that have nothing to share.
std::string DitObjective::sharing() const {
  std::vector<std::string> whole;
  for (const auto& [bucket, samples] : data::samples_by_bucket(*datasets_.videos)) {
    const int64_t frames = datasets_.videos->like(samples.front()).latents.size(1);
    if (frames / config_.model.patch_size.front() < group_->size()) {
      whole.push_back(to_string(bucket));
    }
  }
  const std::string text = fmt::format("on {} processes", group_->size());
  if (whole.empty()) return text;
  return fmt::format("{}; too few for that, and so all on each: {}", text, fmt::join(whole, ", "));
}

std::vector<std::pair<std::string, std::string>> DitObjective::describe() const {
  const at::Tensor latents = datasets_.videos->like(0).latents;
  const at::IntArrayRef size = latents.sizes();
  const auto& patch = config_.model.patch_size;
  const int64_t tokens = size[1] / patch[0] * (size[2] / patch[1]) * (size[3] / patch[2]);
  std::vector<std::pair<std::string, std::string>> rows = {
      {"model",
       fmt::format("linear video DiT, {} layers, {} x {} channels", config_.model.num_layers,
                   config_.model.num_heads, config_.model.head_dim)},
      {"tokens per clip",
       fmt::format("{} ({})", tokens, to_string(datasets_.videos->info(0).bucket))}};
  if (group_ != nullptr) rows.emplace_back("frames of a clip", sharing());
  return rows;
}

}  // namespace sana::train
