#include "train/vae_objective.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "checkpoints/wan_vae_file.h"
#include "core/error.h"
#include "core/random.h"
#include "core/signals.h"
#include "data/loading/epoch_plan.h"
#include "infer/pipeline.h"
#include "media/picture/png.h"
#include "media/picture/to_frames.h"
#include "train/random_window.h"
#include "train/transfer.h"

namespace sana::train {
namespace {

constexpr int64_t kPreviewClips = 4;

// `count` indices spread evenly over 0 .. size-1.
std::vector<int64_t> spread_indices(int64_t count, int64_t size) {
  std::vector<int64_t> indices;
  const int64_t n = std::min(count, size);
  for (int64_t i = 0; i < n; ++i) indices.push_back(i * size / n);
  return indices;
}

// Peak signal-to-noise ratio of pixels in [-1, 1] (peak 2), in dB; the floor keeps a perfect
// reconstruction finite.
double psnr_db(double mean_square_error) {
  return 10.0 * std::log10(4.0 / std::max(mean_square_error, 1e-12));
}

std::vector<double> to_doubles(const at::Tensor& values) {
  const at::Tensor list = values.to(at::kCPU, at::kDouble).contiguous();
  return {list.const_data_ptr<double>(), list.const_data_ptr<double>() + list.numel()};
}

}  // namespace

VaeObjective::VaeObjective(const TrainConfig& config, const Datasets& datasets, c10::Device device)
    : config_(config), datasets_(datasets), device_(device) {
  // The convolutions draw their weights from the global generator.
  at::manual_seed(stream_seed(uint64_t(config.run.seed), "weights"));
  vae_ = model::WanVae(config.vae);
  vae_->to(device);
}

std::vector<MetricPart> VaeObjective::metric_parts() const {
  return {{"l1"}, {"gradient_difference"}, {"kl"}};
}

at::Tensor VaeObjective::to_input(const at::Tensor& pixels) const {
  return to_device(pixels, device_).to(at::kFloat) / 127.5 - 1.0;
}

std::vector<at::Tensor> VaeObjective::draw(const data::Batch& batch, const StepRandom& random) {
  const at::Tensor window =
      random_windows(batch.data, config_.data.crop, batch.first_index, random.stream("window"));
  const VaeGeometry geometry = config_.vae.geometry();
  const NoiseShape shape = {geometry.latent_channels, geometry.latent_frames(window.size(2)),
                            window.size(3) / geometry.stride_h, window.size(4) / geometry.stride_w};
  const at::Tensor noise =
      random.stream("posterior").noise(batch.first_index, window.size(0), shape, device_);
  return {to_device(window, device_), noise};
}

LossOutput VaeObjective::loss(const std::vector<at::Tensor>& inputs) {
  const at::Tensor input = to_input(inputs[0]);
  const at::Tensor& noise = inputs[1];
  const model::LatentPosterior posterior = vae_->encode_whole(input);
  const at::Tensor mean = posterior.mean.to(at::kFloat);
  const at::Tensor deviation = (0.5 * posterior.logvar.to(at::kFloat)).exp();
  const at::Tensor reconstruction = vae_->decode_whole(mean + deviation * noise);
  const VaeLossTerms terms = vae_loss(reconstruction, input, posterior, config_.vae_loss);
  const at::Tensor sums =
      at::stack({terms.l1.detach(), terms.gradient_difference.detach(), terms.kl.detach()});
  return {terms.total, sums, at::ones_like(sums)};
}

at::Tensor VaeObjective::reconstruct(const at::Tensor& input) {
  at::NoGradGuard no_grad;
  const at::Tensor latents = vae_->encode_chunked(input).mean;
  return vae_->decode_chunked(latents).to(at::kFloat).clamp(-1.0, 1.0);
}

nlohmann::ordered_json VaeObjective::validate() {
  if (!datasets_.validation) return nullptr;
  const auto batches = data::batches_of_each_once(*datasets_.validation, config_.data.batch_size);
  const int64_t count =
      std::min<int64_t>(config_.train.validation_batches, int64_t(batches.size()));
  double psnr = 0, l1 = 0;
  int64_t samples = 0;
  for (int64_t b = 0; b < count; ++b) {
    throw_if_stopped();
    const at::Tensor input = to_input(datasets_.validation->read(batches[size_t(b)]).data);
    const at::Tensor error = (reconstruct(input) - input).flatten(1);
    for (double mse : to_doubles(error.square().mean(1))) psnr += psnr_db(mse);
    for (double mean : to_doubles(error.abs().mean(1))) l1 += mean;
    samples += input.size(0);
  }
  return {{"val_psnr_db", psnr / double(samples)}, {"val_l1", l1 / double(samples)}};
}

void VaeObjective::preview(const std::filesystem::path& directory) {
  const auto& dataset = datasets_.validation ? *datasets_.validation : *datasets_.videos;
  std::vector<at::Tensor> rows;
  for (int64_t index : spread_indices(kPreviewClips, dataset.size())) {
    const at::Tensor input = to_input(dataset.read_readable(index).data);
    const at::Tensor pair = at::cat({input, reconstruct(input)}, 4);  // side by side
    const at::Tensor row = media::to_frames(pair)[pair.size(2) / 2];
    if (rows.empty() || row.size(1) == rows[0].size(1)) rows.push_back(row);
  }
  media::write_png(directory / "reconstruction.png", at::cat(rows, 0));
}

void VaeObjective::measure_latent_statistics() {
  at::NoGradGuard no_grad;
  const auto channels = config_.vae.latent_channels;
  at::Tensor sum = at::zeros({channels}, at::kDouble), squares = at::zeros({channels}, at::kDouble);
  int64_t count = 0;
  for (int64_t index :
       spread_indices(config_.train.latent_statistics_samples, datasets_.videos->size())) {
    const at::Tensor mean =
        vae_->encode_chunked(to_input(datasets_.videos->read_readable(index).data)).mean;
    const at::Tensor flat = mean.to(at::kCPU, at::kDouble).transpose(0, 1).flatten(1);  // [C, n]
    sum += flat.sum(1);
    squares += flat.square().sum(1);
    count += flat.size(1);
  }
  const at::Tensor mean = sum / double(count);
  const at::Tensor variance = squares / double(count) - mean.square();
  // A channel that never moves must not be blown up.
  vae_->set_latent_statistics(to_doubles(mean), to_doubles(variance.clamp_min(1e-8).sqrt()));
}

void VaeObjective::write_inference_files(const std::filesystem::path& directory) {
  measure_latent_statistics();
  checkpoints::save_wan_vae(directory, vae_, at::kFloat);
}

std::vector<std::pair<std::string, std::string>> VaeObjective::describe() const {
  const auto geometry = config_.vae.geometry();
  return {{"model", fmt::format("Wan VAE, {} x {} x {}, {} latent channels, base {}",
                                geometry.stride_t, geometry.stride_h, geometry.stride_w,
                                geometry.latent_channels, config_.vae.base_dim)},
          {"window", fmt::format("{} x {} x {} (frames, rows, columns)", config_.data.crop.frames,
                                 config_.data.crop.height, config_.data.crop.width)}};
}

}  // namespace sana::train
