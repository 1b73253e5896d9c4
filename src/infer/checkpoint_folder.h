// A folder to sample from: weights, configuration, VAE and defaults together.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/config/checks.h"
#include "infer/sampler.h"
#include "model/sana_video.h"
#include "model/text_encoder/text_encoder.h"
#include "model/vae/wan_vae.h"

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

// Opened checkpoint; weights of the averaged model (ema.safetensors) when there are any.
struct CheckpointFolder {
  std::filesystem::path path;
  std::filesystem::path weights_file;
  model::SanaVideo model{nullptr};
  model::WanVae vae{nullptr};
  PipelineConfig pipeline;
};

// `path`: a checkpoint (run/step-00002000, or an exported one), or a run folder, of which the
// newest complete checkpoint is taken. Throws UserError when something is missing or does not fit.
CheckpointFolder open_checkpoint(const std::filesystem::path& path);

// Writes model.json and pipeline.json into `directory`.
void write_pipeline_files(const std::filesystem::path& directory,
                          const model::SanaVideoConfig& model, const PipelineConfig& pipeline);

}  // namespace sana::infer
