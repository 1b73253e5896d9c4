#include "checkpoints/public_pipeline.h"

#include "checkpoints/public/public_models.h"
#include "checkpoints/scheduler_config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_file.h"

namespace sana::checkpoints {
namespace {

namespace fs = std::filesystem;

constexpr double kPublicFps = 16.0;
constexpr int64_t kPublicTextTokens = 300;
constexpr int64_t kPublicFrames = 81;  // 5 s
// The authors' program appends this motion score to every prompt.
constexpr int64_t kOriginalMotionScore = 10;
constexpr int64_t kImageStride = 32;  // pixels per latent of the image models' VAE

bool is_original(const TransformerSource& transformer) {
  return transformer.naming == DitNaming::kOriginal;
}

ClipSize public_size(const TransformerConfig& config) {
  if (!config.is_video()) {
    return {config.sample_size() * kImageStride, config.sample_size() * kImageStride, 1};
  }
  return config.sample_size() == 22 ? ClipSize{704, 1280, kPublicFrames}
                                    : ClipSize{480, 832, kPublicFrames};
}

SamplerConfig public_sampler(const TransformerSource& transformer) {
  SamplerConfig sampler;
  sampler.steps = transformer.config.is_video() ? 50 : 20;
  sampler.guidance = transformer.config.is_video() ? 6.0 : 4.5;
  sampler.shift = public_flow_shift(transformer.config);
  const fs::path file = transformer.layout.home / "scheduler" / "scheduler_config.json";
  if (!fs::is_regular_file(file)) return sampler;
  return sampler_config_from_scheduler(read_json_file(file, kMaxConfigBytes), sampler,
                                       file.string());
}

// Where the text encoder lies: named by the user, or in the checkpoint's own folder.
std::string text_encoder_path(const TransformerSource& transformer, const CheckpointParts& parts) {
  if (!parts.text_encoder.empty()) return parts.text_encoder.string();
  const fs::path& home = transformer.layout.home;
  for (const char* folder : {"text_encoder", "gemma-2-2b-it"}) {
    if (!fs::is_directory(home / folder)) continue;
    return (folder == std::string("text_encoder") ? home : home / folder).string();
  }
  throw UserError(
      fmt::format("'{}' holds no text encoder; give the folder of gemma-2-2b-it, or a diffusers "
                  "folder that has one, with --text-encoder",
                  home.string()));
}

model::TextEncoderConfig public_text_encoder(const TransformerSource& transformer,
                                             const CheckpointParts& parts) {
  model::TextEncoderConfig config;
  config.name = model::kGemma2Name;
  config.path = text_encoder_path(transformer, parts);
  config.max_tokens = kPublicTextTokens;
  const bool is_video = transformer.config.is_video();
  if (is_original(transformer)) {
    config.instruction = "nvlabs";
    config.lowercase = false;
    if (is_video) config.motion_score = kOriginalMotionScore;
  } else {
    config.instruction = is_video ? "diffusers_video" : "diffusers_image";
  }
  return config;
}

}  // namespace

PipelineConfig public_pipeline(const TransformerSource& transformer, const CheckpointParts& parts) {
  PipelineConfig pipeline;
  pipeline.fps = kPublicFps;
  pipeline.buckets = {public_size(transformer.config)};
  pipeline.sampler = public_sampler(transformer);
  pipeline.text_encoder = public_text_encoder(transformer, parts);
  return pipeline;
}

fs::path public_vae_path(const TransformerSource& transformer) {
  const fs::path vae = transformer.layout.home / "vae";
  require(fs::is_directory(vae),
          "'{}' holds no VAE; give its folder or file with --vae (this model was trained with {})",
          transformer.layout.home.string(), public_vae_class(transformer.config));
  return vae;
}

}  // namespace sana::checkpoints
