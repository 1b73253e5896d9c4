#include "checkpoints/checkpoint.h"

#include "checkpoints/manifest.h"
#include "checkpoints/public_pipeline.h"
#include "checkpoints/run_folder.h"
#include "core/error.h"
#include "core/log.h"
#include "core/path_inside.h"
#include "core/text.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;
namespace {

// What pipeline.json says of the VAE stays in the checkpoint: only an option leads out of it.
fs::path named_vae(const fs::path& folder, const PipelineConfig& pipeline) {
  const std::string who = fmt::format("'{}': vae", (folder / kPipelineFile).string());
  try {
    return path_inside(folder, pipeline.vae, who);
  } catch (const UserError& error) {
    throw UserError(fmt::format("{}; if you trust it, name it with --vae", error.what()));
  }
}

// The text encoder is gigabytes and not copied into checkpoints: training writes its absolute path
// and its identity, which is compared before it is used. Any other path stays in the checkpoint.
std::string text_encoder_place(const fs::path& folder, const PipelineConfig& pipeline) {
  const std::string& named = pipeline.text_encoder.path;
  if (named.empty()) return named;
  const fs::path place = path_from_text(named);
  if (place.is_absolute() && !pipeline.text_encoder_identity.empty()) {
    log::info("the text encoder is {}, as {} says", place.string(),
              (folder / kPipelineFile).string());
    return place.string();
  }
  const std::string who = fmt::format("'{}': text_encoder.path", (folder / kPipelineFile).string());
  try {
    return path_inside(folder, named, who).string();
  } catch (const UserError& error) {
    throw UserError(fmt::format("{}; if you trust it, name it with --text-encoder", error.what()));
  }
}

void open_native(Checkpoint& checkpoint, const CheckpointParts& parts) {
  require(has_pipeline_file(checkpoint.path),
          "{}: model.json is there, but no pipeline.json, which says how to sample; export the "
          "checkpoint again, or convert it with --to diffusers into a folder with its VAE",
          checkpoint.path.string());
  PipelineConfig& pipeline = checkpoint.pipeline;
  pipeline = read_pipeline_file(checkpoint.path);
  pipeline.text_encoder.path = parts.text_encoder.empty()
                                   ? text_encoder_place(checkpoint.path, pipeline)
                                   : parts.text_encoder.string();
  const fs::path vae = parts.vae.empty() ? named_vae(checkpoint.path, pipeline) : parts.vae;
  checkpoint.vae = find_vae(vae, {.verifies = false});
}

void open_public(Checkpoint& checkpoint, const CheckpointParts& parts) {
  const fs::path vae = parts.vae.empty() ? public_vae_path(checkpoint.transformer) : parts.vae;
  checkpoint.vae = find_vae(vae, {.verifies = false});
  checkpoint.pipeline = public_pipeline(checkpoint.transformer, parts);
  for (ClipSize& size : checkpoint.pipeline.buckets) {
    size.frames = checkpoint.vae.geometry.accepted_up_to(size.frames);
  }
  checkpoint.bins =
      aspect_ratio_bins(checkpoint.is_video(), checkpoint.transformer.config.sample_size());
}

// Everything that will be read.
std::vector<fs::path> files_of(const Checkpoint& checkpoint) {
  std::vector<fs::path> files = transformer_files(checkpoint.transformer);
  files.insert(files.end(), checkpoint.vae.files.begin(), checkpoint.vae.files.end());
  if (checkpoint.transformer.layout.layout == Layout::kNative) {
    files.push_back(checkpoint.path / kPipelineFile);
  }
  return files;
}

std::string verify(const Checkpoint& checkpoint, bool wanted) {
  if (!wanted) return "no (not asked for)";
  return verify_files(files_of(checkpoint)) > 0 ? "yes" : "no (it has no hashes)";
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
  checkpoint.verified = verify(checkpoint, parts.verifies);
  return checkpoint;
}

ClipSize generated_size(const ClipSize& asked, const Checkpoint& checkpoint) {
  if (checkpoint.bins.empty()) return asked;
  ClipSize size = nearest_bin(checkpoint.bins, double(asked.height), double(asked.width)).size;
  size.frames = asked.frames;
  return size;
}

}  // namespace sana::checkpoints
