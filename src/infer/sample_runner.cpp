#include "infer/sample_runner.h"

#include <ATen/ATen.h>

#include <chrono>

#include "core/clock.h"
#include "core/config/json.h"
#include "core/device.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/safetensors.h"
#include "core/signals.h"
#include "infer/provenance.h"
#include "media/picture/center_crop.h"
#include "media/picture/image_input.h"
#include "media/picture/to_frames.h"
#include "model/vae/decode_fallback.h"

namespace sana::infer {
namespace {

namespace fs = std::filesystem;
fs::path stem_of(const SampleJob& job) { return fs::path(job.out).replace_extension(""); }
fs::path latents_file(const SampleJob& job) {
  return stem_of(job).string() + ".latents.safetensors";
}

}  // namespace

SampleRunner::SampleRunner(checkpoints::Checkpoint checkpoint, const RunnerOptions& options,
                           ProgressSink& progress)
    : checkpoint_(std::move(checkpoint)),
      options_(options),
      progress_(progress),
      parts_(checkpoint_, options.device, options.dtype, options.vae_dtype),
      weights_identity_(infer::weights_identity(checkpoint_)) {}

std::string SampleRunner::request_of(const SampleJob& job) {
  if (text_identity_.empty()) text_identity_ = parts_.text_encoder().identity();
  nlohmann::ordered_json request = request_json(
      job, checkpoints::generated_size(job.size, checkpoint_), weights_identity_, text_identity_);
  request["dtype"] = dtype_name(options_.dtype);
  request["text_dtype"] = checkpoint_.pipeline.text_encoder.precision;
  if (!job.image.empty()) {
    if (vae_identity_.empty()) vae_identity_ = parts_.vae().identity();
    request["image_vae"] = vae_identity_;
    request["image_vae_dtype"] = dtype_name(options_.vae_dtype);
  }
  return request.dump();
}

bool SampleRunner::is_done(const SampleJob& job) const {
  if (options_.overwrite) return false;
  return fs::exists(job.out) || (!media::can_encode_h264() && fs::exists(stem_of(job)));
}

at::Tensor SampleRunner::kept_latents(const SampleJob& job) {
  if (!fs::exists(latents_file(job))) return {};
  const SafetensorsFile kept(latents_file(job));
  const auto found = kept.metadata().find("request");
  if (found == kept.metadata().end() || found->second != request_of(job)) return {};
  return kept.tensor("latents");
}

at::Tensor SampleRunner::encode_first_frame(const SampleJob& job) {
  if (job.image.empty()) return {};
  const ClipSize size = checkpoints::generated_size(job.size, checkpoint_);
  vae_identity_ = parts_.vae().identity();
  return parts_.vae()
      .encode(media::first_frame(media::read_image(job.image), size.height, size.width))
      .to(at::kCPU);
}

SampleRunner::Conditions SampleRunner::conditions_of(const SampleJob& job) {
  model::TextEncoder& encoder = parts_.text_encoder();
  return {encoder.encode({job.prompt}), encoder.encode_negative({job.negative}),
          encode_first_frame(job)};
}

void SampleRunner::sample(const SampleJob& job, const Conditions& conditions) {
  const auto start = SteadyClock::now();
  const ClipSize size = checkpoints::generated_size(job.size, checkpoint_);
  LatentRequest request;
  request.prompt = conditions.prompt;
  request.negative = conditions.negative;
  request.first_frame = conditions.first_frame;
  request.size = checkpoint_.vae.geometry.latent_size(size);
  request.seed = job.seed;
  request.sampler = job.sampler;
  const at::Tensor latents =
      sample_latents(parts_.denoiser(), request, options_.device, options_.dtype, progress_);
  require(
      at::isfinite(latents).all().item<bool>(),
      "sampling '{}' gave values that are not finite; try --dtype float32 or a smaller --guidance",
      job.prompt);
  if (job.out.has_parent_path()) ensure_writable_directory(job.out.parent_path());
  save_safetensors(latents_file(job), {{"latents", latents}}, {{"request", request_of(job)}});
  sampling_s_[job.out.string()] = seconds_since(start);
}

media::WrittenVideo SampleRunner::decode(const SampleJob& job) {
  const auto start = SteadyClock::now();
  const at::Tensor latents = SafetensorsFile(latents_file(job)).tensor("latents");
  at::Tensor video =
      model::decode_with_fallback(parts_.vae(), latents, options_.tiling,
                                  [](const std::string& message) { log::warning("{}", message); });
  video = video.narrow(2, 0, std::min(video.size(2), job.size.frames));
  video = media::resize_and_center_crop(video, job.size.height, job.size.width);
  const media::WrittenVideo written =
      media::write_video(job.out, media::to_frames(video), checkpoint_.pipeline.fps);

  Timings timings;
  timings.sampling_s = sampling_s_[job.out.string()];
  timings.decode_and_write_s = seconds_since(start);
  write_provenance(stem_of(job).string() + ".json", nlohmann::ordered_json::parse(request_of(job)),
                   checkpoint_, options_.device, options_.dtype, timings);
  if (!options_.keep_latents) fs::remove(latents_file(job));
  return written;
}

size_t SampleRunner::run(const std::vector<SampleJob>& jobs, const OnDone& on_done) {
  for (const SampleJob& job : jobs) check_job(job, checkpoint_);
  if (options_.offload) return run_offloaded(jobs, on_done);
  size_t done = 0;
  for (const SampleJob& job : jobs) {
    if (stop_signal() != 0) break;
    if (is_done(job)) {
      on_done(job, JobOutcome::kSkipped, {});
    } else {
      reset_peak_device_memory(options_.device);
      if (kept_latents(job).defined()) {
        log::info("decoding the latents of an earlier run: {}", latents_file(job).string());
      } else {
        sample(job, conditions_of(job));
      }
      on_done(job, JobOutcome::kWritten, decode(job));
    }
    ++done;
  }
  return done;
}

size_t SampleRunner::run_offloaded(const std::vector<SampleJob>& jobs, const OnDone& on_done) {
  reset_peak_device_memory(options_.device);
  std::map<size_t, Conditions> to_sample;
  for (size_t i = 0; i < jobs.size() && stop_signal() == 0; ++i) {
    if (!is_done(jobs[i])) to_sample[i].first_frame = encode_first_frame(jobs[i]);
  }
  parts_.release_vae();
  for (auto item = to_sample.begin(); item != to_sample.end() && stop_signal() == 0;) {
    const SampleJob& job = jobs[item->first];
    request_of(job);  // now, since it asks for the identity of the encoder
    if (kept_latents(job).defined()) {
      item = to_sample.erase(item);
      continue;
    }
    item->second.prompt = parts_.text_encoder().encode({job.prompt});
    item->second.negative = parts_.text_encoder().encode_negative({job.negative});
    ++item;
  }
  parts_.release_text_encoder();
  for (const auto& [i, conditions] : to_sample) {
    if (stop_signal() != 0) return 0;  // latents that are on disk are found again
    sample(jobs[i], conditions);
  }
  parts_.release_denoiser();
  size_t done = 0;
  for (const SampleJob& job : jobs) {
    if (stop_signal() != 0) break;
    if (is_done(job)) {
      on_done(job, JobOutcome::kSkipped, {});
    } else {
      on_done(job, JobOutcome::kWritten, decode(job));
    }
    ++done;
  }
  return done;
}

}  // namespace sana::infer
