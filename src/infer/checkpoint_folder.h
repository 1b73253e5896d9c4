// A checkpoint to sample from: transformer, VAE, text encoder and defaults together.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/aspect_ratio_bins.h"
#include "core/config/checks.h"
#include "infer/sampler.h"
#include "infer/transformer_source.h"
#include "infer/vae_source.h"
#include "model/sana_image_config.h"
#include "model/sana_video_config.h"
#include "model/text_encoder/text_encoder.h"

namespace sana::infer {

// Pixels and frames of a clip.
struct ClipSize {
  int64_t height = 0, width = 0, frames = 0;

  template <class Binder>
  void bind(Binder& b) {
    b.required("height", height, "Rows of pixels.", config::at_least<int64_t>(1));
    b.required("width", width, "Columns of pixels.", config::at_least<int64_t>(1));
    b.required("frames", frames, "Frames.", config::at_least<int64_t>(1));
  }
};

// Content of pipeline.json: what sampling needs beside the model.
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
    b.field("fps", fps, "Frames per second of the training clips.", config::at_least(0.1));
    b.required("buckets", buckets, "Sizes of the training clips.");
    b.field("sampler", sampler, "Defaults of sampling.");
    b.field("text_encoder", text_encoder, "Which text encoder made the conditions.");
    b.field("text_encoder_identity", text_encoder_identity, "Its hash.");
    b.field("vae", vae, "Folder of the VAE, relative to this file.");
    b.field("vae_identity", vae_identity, "Its hash.");
  }
};

// The trained bucket with the most frames, first of the list at a tie. Throws UserError when the
// list is empty.
ClipSize default_clip_size(const PipelineConfig& config);

// Parts that stand elsewhere than in the checkpoint; empty: in it.
struct CheckpointParts {
  std::filesystem::path vae, text_encoder;
  std::filesystem::path config;  // transformer/config.json of a bare file of unusual sizes
};

// An opened checkpoint; no weights are read yet.
struct Checkpoint {
  std::filesystem::path path;
  TransformerSource transformer;
  VaeSource vae;
  PipelineConfig pipeline;
  // Sizes that the model was trained on; empty: any size is generated as asked for.
  std::vector<AspectRatioBin> bins;

  bool is_video() const { return transformer.config.is_video; }
};

// `path`: a checkpoint of this program (run/step-00002000, an exported one, or a run folder, of
// which the newest complete checkpoint is taken), a diffusers folder, the authors' repository, or a
// bare file of a transformer. Weights are the averaged ones where there are any. Throws UserError
// when something is missing or does not fit, and says which option names it.
Checkpoint open_checkpoint(const std::filesystem::path& path, const CheckpointParts& parts = {});

// The size that is generated for a size asked for: the nearest bin, where there are bins.
ClipSize generated_size(const ClipSize& asked, const Checkpoint& checkpoint);

// model.json of a checkpoint folder. Reading throws UserError for another architecture.
model::SanaVideoConfig read_model_file(const std::filesystem::path& directory);
void write_model_file(const std::filesystem::path& directory, const model::SanaVideoConfig& model);
// The same for a text-to-image model.
bool has_image_model_file(const std::filesystem::path& directory);
model::SanaImageConfig read_image_model_file(const std::filesystem::path& directory);
void write_image_model_file(const std::filesystem::path& directory,
                            const model::SanaImageConfig& model);

// model.json of a checkpoint folder. Reading throws UserError for another architecture.
model::SanaVideoConfig read_model_file(const std::filesystem::path& directory);
void write_model_file(const std::filesystem::path& directory, const model::SanaVideoConfig& model);

// Writes model.json and pipeline.json into `directory`.
void write_pipeline_files(const std::filesystem::path& directory,
                          const model::SanaVideoConfig& model, const PipelineConfig& pipeline);

}  // namespace sana::infer
