#include "infer/sample_runner.h"

#include <ATen/ATen.h>
#include <torch/headeronly/version.h>

#include <chrono>

#include "core/build_config.h"
#include "core/config/json.h"
#include "core/device.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/safetensors.h"
#include "infer/pipeline.h"

namespace sana::infer {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  char text[32];
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// Everything that determines the latents.
nlohmann::ordered_json request_json(const SampleJob& job, const std::string& weights_hash,
                                    const std::string& text_identity) {
  return {{"prompt", job.prompt},
          {"negative", job.negative},
          {"seed", job.seed},
          {"height", job.size.height},
          {"width", job.size.width},
          {"frames", job.size.frames},
          {"sampler", config::to_json(job.sampler)},
          {"weights_sha1", weights_hash},
          {"text_encoder", text_identity}};
}

}  // namespace

SampleRunner::SampleRunner(CheckpointFolder checkpoint, const RunnerOptions& options,
                           ProgressSink& progress)
    : checkpoint_(std::move(checkpoint)), options_(options), progress_(progress) {
  const PipelineConfig& pipeline = checkpoint_.pipeline;
  text_encoder_ = model::load_text_encoder(pipeline.text_encoder, options.device);
  require(pipeline.text_encoder_identity.empty() ||
              pipeline.text_encoder_identity == text_encoder_->identity(),
          "{}: trained with text encoder {}, but this machine has {}; run scripts/setup.sh, or set "
          "text_encoder.path in pipeline.json to the right folder",
          checkpoint_.path.string(), pipeline.text_encoder_identity, text_encoder_->identity());
  checkpoint_.model->to(options.device, options.dtype);
  checkpoint_.model->eval();
  weights_hash_ = hash_file(checkpoint_.weights_file);
  vae_ = model::make_video_vae(checkpoint_.vae, options.device, options.dtype);
}

at::Tensor SampleRunner::latents_for(const SampleJob& job, const fs::path& file) {
  const std::string request = request_json(job, weights_hash_, text_encoder_->identity()).dump();
  if (fs::exists(file)) {
    const SafetensorsFile kept(file);
    const auto found = kept.metadata().find("request");
    if (found != kept.metadata().end() && found->second == request) {
      log::info("decoding the latents of an earlier run: {}", file.string());
      return kept.tensor("latents");
    }
  }
  const model::VaeGeometry geometry = vae_->geometry();
  LatentRequest latent_request;
  latent_request.prompt = text_encoder_->encode({job.prompt});
  latent_request.negative = text_encoder_->encode({job.negative});
  latent_request.latent_frames = geometry.latent_frames(job.size.frames);
  latent_request.latent_height = job.size.height / geometry.stride_h;
  latent_request.latent_width = job.size.width / geometry.stride_w;
  latent_request.seed = job.seed;
  latent_request.sampler = job.sampler;
  const at::Tensor latents =
      sample_latents(checkpoint_.model, latent_request, options_.device, options_.dtype, progress_);
  require(
      at::isfinite(latents).all().item<bool>(),
      "sampling '{}' gave values that are not finite; try --dtype float32 or a smaller --guidance",
      job.prompt);
  save_safetensors(file, {{"latents", latents}}, {{"request", request}});
  return latents;
}

JobOutcome SampleRunner::run(const SampleJob& job, WrittenVideo& written) {
  check_clip_size(job.size, checkpoint_);
  const fs::path stem = fs::path(job.out).replace_extension("");
  const bool exists = fs::exists(job.out) || (!can_encode_h264() && fs::exists(stem));
  if (exists && !options_.overwrite) return JobOutcome::kSkipped;
  if (job.out.has_parent_path()) ensure_writable_directory(job.out.parent_path());

  reset_peak_device_memory(options_.device);
  const auto start = Clock::now();
  const fs::path latents_file = stem.string() + ".latents.safetensors";
  const at::Tensor latents = latents_for(job, latents_file);
  const double sampling_s = seconds_since(start);
  const auto decode_start = Clock::now();
  written = write_video(job.out, to_frames(vae_->decode(latents)), checkpoint_.pipeline.fps);
  const double decode_s = seconds_since(decode_start);

  nlohmann::ordered_json provenance = request_json(job, weights_hash_, text_encoder_->identity());
  provenance["fps"] = checkpoint_.pipeline.fps;
  provenance["checkpoint"] = fs::absolute(checkpoint_.path).string();
  provenance["vae"] = checkpoint_.pipeline.vae_identity;
  provenance["program"] = "sana-video " SANA_VERSION;
  provenance["libtorch"] = TORCH_VERSION;
  provenance["device"] = options_.device.str();
  provenance["dtype"] = dtype_name(options_.dtype);
  provenance["sampling_s"] = sampling_s;
  provenance["decode_and_write_s"] = decode_s;
  provenance["peak_device_memory_bytes"] = peak_device_memory(options_.device);
  provenance["peak_host_memory_bytes"] = host_memory().peak_resident;
  provenance["time"] = utc_now();
  write_file_atomically(stem.string() + ".json", provenance.dump(2) + "\n");
  if (!options_.keep_latents) fs::remove(latents_file);
  return JobOutcome::kWritten;
}

}  // namespace sana::infer
