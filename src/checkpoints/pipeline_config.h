// pipeline.json: what sampling needs beside the model.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "checkpoints/sampler_config.h"
#include "core/config/checks.h"
#include "core/config/problems.h"
#include "core/geometry/clip_size.h"
#include "model/text_encoder/text_encoder.h"

namespace sana::checkpoints {

struct PipelineConfig {
  int64_t format = 1;
  double fps = 16.0;
  std::vector<ClipSize> buckets;
  SamplerConfig sampler;
  model::TextEncoderConfig text_encoder;
  std::string text_encoder_identity;
  std::string vae = "vae";  // folder, relative to the checkpoint
  std::string vae_identity;

  template <class Binder>
  void bind(Binder& b) {
    b.required("format", format, "Version of this file.", config::between<int64_t>(1, 1));
    b.field("fps", fps, "Frames per second of the training clips.", config::between(0.1, 1000.0));
    b.required("buckets", buckets, "Sizes of the training clips.");
    b.field("sampler", sampler, "Defaults of sampling.");
    b.field("text_encoder", text_encoder, "Which text encoder made the conditions.");
    b.field("text_encoder_identity", text_encoder_identity, "Its hash.");
    b.field("vae", vae, "Folder of the VAE, relative to this file.");
    b.field("vae_identity", vae_identity, "Its hash.");
  }

  // A size that no clip has ever been trained on would be taken as the default of sampling.
  void validate(config::Problems& problems) const;
};

// The trained bucket with the most frames, first of the list at a tie. Throws UserError when the
// list is empty.
ClipSize default_clip_size(const PipelineConfig& config);

// pipeline.json of a checkpoint folder. Reading throws UserError, writing EnvironmentError.
inline constexpr const char* kPipelineFile = "pipeline.json";
bool has_pipeline_file(const std::filesystem::path& directory);
PipelineConfig read_pipeline_file(const std::filesystem::path& directory);
void write_pipeline_file(const std::filesystem::path& directory, const PipelineConfig& pipeline);

}  // namespace sana::checkpoints
