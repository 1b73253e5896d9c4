#include "infer/sample_runner.h"

#include <ATen/ATen.h>

#include "core/clock.h"
#include "core/config/json.h"
#include "core/device.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "core/log.h"
#include "core/safetensors.h"
#include "core/signals.h"
#include "core/text.h"
#include "infer/sample_output.h"
#include "media/picture/image_input.h"
#include "media/picture/resize_and_crop_video.h"
#include "media/picture/to_frames.h"
#include "model/vae/decode_fallback.h"
#include "model/vae/tiled_vae.h"

namespace sana::infer {
namespace {

namespace fs = std::filesystem;

void warn_of_cut_text(const SampleJob& job, const char* which, const std::string& text,
                      const model::PromptLength& length) {
  if (!length.is_cut()) return;
  constexpr size_t kShown = 60;
  log::warning("{}: the {} has {} tokens, of which {} are used; its end is cut off: \"{}{}\"",
               job.out.string(), which, length.tokens, length.limit,
               valid_utf8(text.substr(0, kShown)), text.size() > kShown ? "..." : "");
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

nlohmann::ordered_json SampleRunner::known_request(const SampleJob& job) const {
  const std::string& encoder =
      text_identity_.empty() ? checkpoint_.pipeline.text_encoder_identity : text_identity_;
  nlohmann::ordered_json request = request_json(
      job, checkpoints::generated_size(job.size, checkpoint_), weights_identity_, encoder);
  if (encoder.empty()) request.erase("text_encoder");
  request["dtype"] = dtype_name(options_.dtype);
  request["text_dtype"] = checkpoint_.pipeline.text_encoder.computed_precision();
  if (!job.image.empty()) {
    if (!vae_identity_.empty()) request["image_vae"] = vae_identity_;
    request["image_vae_dtype"] = dtype_name(options_.vae_dtype);
  }
  return request;
}

nlohmann::ordered_json SampleRunner::request_of(const SampleJob& job) {
  if (text_identity_.empty()) text_identity_ = parts_.text_encoder().identity();
  if (!job.image.empty() && vae_identity_.empty()) vae_identity_ = parts_.vae().identity();
  return known_request(job);
}

OutputState SampleRunner::state_of(const SampleJob& job) const {
  return options_.overwrite ? OutputState::kAbsent
                            : state_of_output(job, known_request(job), vae_name(checkpoint_));
}

nlohmann::ordered_json SampleRunner::kept_request(const SampleJob& job) {
  const fs::path file = latents_file(job.out);
  if (!fs::exists(file)) return {};
  const SafetensorsFile kept(file);
  const auto found = kept.metadata().find("request");
  if (found == kept.metadata().end()) return {};
  auto stored = nlohmann::ordered_json::parse(found->second, nullptr, /*allow_exceptions=*/false);
  return is_same_request(stored, request_of(job), job.has_random_seed) ? stored
                                                                       : nlohmann::ordered_json();
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
  const SampleJob& job = *work.job;
  const model::TextEncoder& encoder = parts_.text_encoder();
  work.lengths = {encoder.length_of(job.prompt), encoder.length_of_negative(job.negative)};
  warn_of_cut_text(job, "prompt", job.prompt, work.lengths.prompt);
  warn_of_cut_text(job, "negative prompt", job.negative, work.lengths.negative);
  work.request = kept_request(job);
  work.has_latents = !work.request.is_null();
  if (work.has_latents) {
    log::info("decoding the latents of an earlier run: {}", latents_file(job.out).string());
    return;
  }
  work.request = request_of(job);  // now, since the encoder may be released before it is written
  work.prompt = parts_.text_encoder().encode({job.prompt});
  work.negative = parts_.text_encoder().encode_negative({job.negative});
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
  save_safetensors(latents_file(job.out), {{"latents", latents}},
                   {{"request", dump_json(work.request)}});
  sampling_s_[job.out.string()] = seconds_since(start);
}

void SampleRunner::decode(Work& work) {
  const SampleJob& job = *work.job;
  const auto start = SteadyClock::now();
  const at::Tensor latents = SafetensorsFile(latents_file(job.out)).tensor("latents");
  at::Tensor video =
      model::decode_with_fallback(parts_.vae(), latents, options_.tiling,
                                  [](const std::string& message) { log::warning("{}", message); });
  video = video.narrow(2, 0, std::min(video.size(2), job.size.frames));
  video = media::resize_and_crop_video(video, job.size.height, job.size.width);
  work.written = media::write_video(job.out, media::to_frames(video), checkpoint_.pipeline.fps);

  Timings timings;
  timings.sampling_s = sampling_s_[job.out.string()];
  timings.decode_and_write_s = seconds_since(start);
  write_provenance(job.out, work.request, checkpoint_, options_.device, options_.dtype,
                   work.lengths, timings);
  if (!options_.keep_latents) fs::remove(latents_file(job.out));
}

void SampleRunner::check(const std::vector<SampleJob>& jobs) const {
  OutputComplaints complaints;
  for (const SampleJob& job : jobs) {
    check_job(job, checkpoint_);
    check_output_name(job);
    complaints.add(job, state_of(job));
  }
  complaints.throw_if_any();
  model::check_tiling(options_.tiling, checkpoint_.vae.geometry);
}

size_t SampleRunner::run(const std::vector<SampleJob>& jobs, const OnDone& on_done) {
  check(jobs);
  return options_.offload ? run_in_turn(jobs, on_done) : run_job_by_job(jobs, on_done);
}

SampleRunner::Work SampleRunner::begin(const SampleJob& job) const {
  Work work;
  work.job = &job;
  work.lock = OutputLock::of_target(job.out);
  return work;
}

void SampleRunner::tidy(const SampleJob& job) const {
  const auto remains = [&] { return remains_of(job, known_request(job), options_.keep_latents); };
  if (remains().empty() && !fs::exists(OutputLock::name_of_file(job.out))) return;
  const OutputLock lock = OutputLock::of_target(job.out);
  for (const fs::path& path : remains()) {
    std::error_code error;
    fs::remove(path, error);
    if (error) log::warning("cannot delete '{}': {}", path.string(), error.message());
  }
}

size_t SampleRunner::run_job_by_job(const std::vector<SampleJob>& jobs, const OnDone& on_done) {
  size_t done = 0;
  for (const SampleJob& job : jobs) {
    if (stop_signal() != 0) break;
    if (state_of(job) == OutputState::kDone) {
      tidy(job);
      on_done(job, JobOutcome::kSkipped, {});
    } else {
      Work work = begin(job);
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
  std::vector<const SampleJob*> skipped;
  for (const SampleJob& job : jobs) {
    if (state_of(job) == OutputState::kDone) {
      tidy(job);
      skipped.push_back(&job);
    } else {
      works.push_back(begin(job));
    }
  }
  for (const SampleJob* job : skipped) on_done(*job, JobOutcome::kSkipped, {});
  size_t done = skipped.size();
  for (const Phase& phase : kPhases) {
    for (Work& work : works) {
      if (stop_signal() != 0) return done;  // latents that are on disk are found again
      (this->*phase.run)(work);
      if (&phase != &kPhases.back()) continue;
      on_done(*work.job, JobOutcome::kWritten, work.written);
      ++done;
    }
    (parts_.*phase.release)();
  }
  return done;
}

}  // namespace sana::infer
