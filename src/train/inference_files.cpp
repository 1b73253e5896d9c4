#include "train/inference_files.h"

#include <set>

#include "core/error.h"
#include "core/files.h"
#include "infer/checkpoint_folder.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

// Height, width, frames of every bucket, one after the other.
std::vector<int64_t> bucket_sizes(const data::PreparedDataset& videos,
                                  const data::PreparedDataset* images) {
  std::set<data::Bucket> buckets;
  for (int64_t i = 0; i < videos.size(); ++i) buckets.insert(videos.info(i).bucket);
  for (int64_t i = 0; images != nullptr && i < images->size(); ++i) {
    buckets.insert(images->info(i).bucket);
  }
  std::vector<int64_t> sizes;
  for (const data::Bucket& bucket : buckets) {
    sizes.insert(sizes.end(), {bucket.height, bucket.width, bucket.frames});
  }
  return sizes;
}

}  // namespace

void write_dit_inference_files(const fs::path& directory, const TrainConfig& config,
                               const data::PreparedDataset& videos,
                               const data::PreparedDataset* images) {
  infer::PipelineConfig pipeline;
  pipeline.fps = videos.fps();
  pipeline.sizes = bucket_sizes(videos, images);
  pipeline.sampler = config.preview.sampler;
  pipeline.text_encoder = config.text_encoder;
  pipeline.text_encoder.max_tokens = videos.null_text().size(1);
  pipeline.text_encoder_identity = videos.text_encoder_identity();
  pipeline.vae_identity = videos.vae_identity();
  infer::write_pipeline_files(directory, config.model, pipeline);

  if (config.vae_checkpoint.empty()) return;
  fs::create_directories(directory / pipeline.vae);
  for (const char* file : {"vae.json", "vae.safetensors"}) {
    link_or_copy_file(fs::path(config.vae_checkpoint) / file, directory / pipeline.vae / file);
  }
}

model::WanVae load_matching_vae(const std::string& directory, const data::PreparedDataset& videos) {
  model::WanVae vae =
      with_context("vae_checkpoint", [&] { return model::load_wan_vae(directory); });
  const std::string identity = model::vae_identity(vae);
  require(
      identity == videos.vae_identity(),
      "vae_checkpoint: '{}' is the VAE {}, but data.videos was encoded by {}; give that VAE, or "
      "prepare the data again",
      directory, identity, videos.vae_identity());
  return vae;
}

}  // namespace sana::train
