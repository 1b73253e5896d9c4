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
#include "media/encode/h264_encoder.h"
#include "media/picture/image_input.h"
#include "media/picture/resize_and_crop_video.h"
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

const std::array<SampleRunner::Phase, 4> SampleRunner::kPhases = {{
    {&SampleRunner::encode_image, &PipelineParts::release_vae},
    {&SampleRunner::encode_text, &PipelineParts::release_text_encoder},
    {&SampleRunner::sample, &PipelineParts::release_denoiser},
    {&SampleRunner::decode, &PipelineParts::release_vae},
}};

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

void SampleRunner::encode_image(Work& work) { work.first_frame = encode_first_frame(*work.job); }

void SampleRunner::encode_text(Work& work) {
  // Every request names the encoder, which may be released before it is written.
  if (text_identity_.empty()) text_identity_ = parts_.text_encoder().identity();
  work.has_latents = kept_latents(*work.job).defined();
  if (work.has_latents) {
    log::info("decoding the latents of an earlier run: {}", latents_file(*work.job).string());
    return;
  }
  work.prompt = parts_.text_encoder().encode({work.job->prompt});
  work.negative = parts_.text_encoder().encode_negative({work.job->negative});
}

void SampleRunner::sample(Work& work) {
  if (work.has_latents) return;
  const SampleJob& job = *work.job;
  const auto start = SteadyClock::now();
  const ClipSize size = checkpoints::generated_size(job.size, checkpoint_);
  LatentRequest request;
  request.prompt = work.prompt;
  request.negative = work.negative;
  request.first_frame = work.first_frame;
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

void SampleRunner::decode(Work& work) {
  const SampleJob& job = *work.job;
  const auto start = SteadyClock::now();
  const at::Tensor latents = SafetensorsFile(latents_file(job)).tensor("latents");
  at::Tensor video =
      model::decode_with_fallback(parts_.vae(), latents, options_.tiling,
                                  [](const std::string& message) { log::warning("{}", message); });
  video = video.narrow(2, 0, std::min(video.size(2), job.size.frames));
  video = media::resize_and_crop_video(video, job.size.height, job.size.width);
  work.written = media::write_video(job.out, media::to_frames(video), checkpoint_.pipeline.fps);

  Timings timings;
  timings.sampling_s = sampling_s_[job.out.string()];
  timings.decode_and_write_s = seconds_since(start);
  write_provenance(stem_of(job).string() + ".json", nlohmann::ordered_json::parse(request_of(job)),
                   checkpoint_, options_.device, options_.dtype, timings);
  if (!options_.keep_latents) fs::remove(latents_file(job));
}

size_t SampleRunner::run(const std::vector<SampleJob>& jobs, const OnDone& on_done) {
  for (const SampleJob& job : jobs) check_job(job, checkpoint_);
  return options_.offload ? run_in_turn(jobs, on_done) : run_job_by_job(jobs, on_done);
}

size_t SampleRunner::run_job_by_job(const std::vector<SampleJob>& jobs, const OnDone& on_done) {
  size_t done = 0;
  for (const SampleJob& job : jobs) {
    if (stop_signal() != 0) break;
    Work work{&job};
    if (is_done(job)) {
      on_done(job, JobOutcome::kSkipped, {});
    } else {
      reset_peak_device_memory(options_.device);
      for (const Phase& phase : kPhases) (this->*phase.run)(work);
      on_done(job, JobOutcome::kWritten, work.written);
    }
    ++done;
  }
  return done;
}

size_t SampleRunner::run_in_turn(const std::vector<SampleJob>& jobs, const OnDone& on_done) {
  reset_peak_device_memory(options_.device);
  std::vector<Work> works;
  for (const SampleJob& job : jobs) works.push_back({&job});
  size_t done = 0;
  for (const Phase& phase : kPhases) {
    const bool is_last = &phase == &kPhases.back();
    for (Work& work : works) {
      if (stop_signal() != 0) return done;  // latents that are on disk are found again
      const bool skips = is_done(*work.job);
      if (!skips) (this->*phase.run)(work);
      if (!is_last) continue;
      on_done(*work.job, skips ? JobOutcome::kSkipped : JobOutcome::kWritten, work.written);
      ++done;
    }
    (parts_.*phase.release)();
  }
  return done;
}

}  // namespace sana::infer
