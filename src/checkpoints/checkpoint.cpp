#include "checkpoints/checkpoint.h"

#include "checkpoints/public_pipeline.h"
#include "checkpoints/run_folder.h"
#include "core/error.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;
namespace {

void open_native(Checkpoint& checkpoint, const CheckpointParts& parts) {
  require(has_pipeline_file(checkpoint.path),
          "{}: model.json is there, but no pipeline.json, which says how to sample; export the "
          "checkpoint again, or convert it with --to diffusers into a folder with its VAE",
          checkpoint.path.string());
  checkpoint.pipeline = read_pipeline_file(checkpoint.path);
  if (!parts.text_encoder.empty()) {
    checkpoint.pipeline.text_encoder.path = parts.text_encoder.string();
  }
  checkpoint.vae =
      find_vae(parts.vae.empty() ? checkpoint.path / checkpoint.pipeline.vae : parts.vae);
}

void open_public(Checkpoint& checkpoint, const CheckpointParts& parts) {
  checkpoint.vae =
      find_vae(parts.vae.empty() ? public_vae_path(checkpoint.transformer) : parts.vae);
  checkpoint.pipeline = public_pipeline(checkpoint.transformer, parts);
  for (ClipSize& size : checkpoint.pipeline.buckets) {
    size.frames = checkpoint.vae.geometry.accepted_up_to(size.frames);
  }
  checkpoint.bins =
      aspect_ratio_bins(checkpoint.is_video(), checkpoint.transformer.config.sample_size());
}

}  // namespace

Checkpoint open_checkpoint(const fs::path& path, const CheckpointParts& parts) {
  Checkpoint checkpoint;
  checkpoint.path = resolve_checkpoint(path);
  TransformerOptions options;
  options.config = parts.config;
  checkpoint.transformer = open_transformer(checkpoint.path, options);
  if (checkpoint.transformer.layout.layout == Layout::kNative) {
    open_native(checkpoint, parts);
  } else {
    open_public(checkpoint, parts);
  }
  const int64_t channels = checkpoint.transformer.config.latent_channels();
  require(checkpoint.vae.geometry.latent_channels == channels,
          "{}: the {} in '{}' has {} latent channels, the model {}", checkpoint.path.string(),
          checkpoint.vae.name, checkpoint.vae.path.string(),
          checkpoint.vae.geometry.latent_channels, channels);
  return checkpoint;
}

ClipSize generated_size(const ClipSize& asked, const Checkpoint& checkpoint) {
  if (checkpoint.bins.empty()) return asked;
  ClipSize size = nearest_bin(checkpoint.bins, double(asked.height), double(asked.width)).size;
  size.frames = asked.frames;
  return size;
}

}  // namespace sana::checkpoints
