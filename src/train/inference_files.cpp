#include "train/inference_files.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "checkpoints/model_file.h"
#include "checkpoints/pipeline_config.h"
#include "checkpoints/vae_source.h"
#include "core/error.h"
#include "core/files.h"

namespace sana::train {
namespace fs = std::filesystem;
namespace {

// The buckets of the training data, the one with most samples first.
std::vector<ClipSize> trained_buckets(const data::Dataset& videos, const data::Dataset* images) {
  std::map<ClipSize, int64_t> counts;
  for (const auto* dataset : {&videos, images}) {
    for (int64_t i = 0; dataset != nullptr && i < dataset->size(); ++i) {
      ++counts[dataset->info(i).bucket];
    }
  }
  std::vector<std::pair<ClipSize, int64_t>> order(counts.begin(), counts.end());
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<ClipSize> sizes;
  for (const auto& [bucket, count] : order) sizes.push_back(bucket);
  return sizes;
}

}  // namespace

void write_dit_inference_files(const fs::path& directory, const TrainConfig& config,
                               const data::Dataset& videos, const data::Dataset* images) {
  checkpoints::PipelineConfig pipeline;
  pipeline.fps = videos.fps();
  pipeline.buckets = trained_buckets(videos, images);
  pipeline.sampler = config.preview.sampler;
  pipeline.text_encoder = config.text_encoder;
  pipeline.text_encoder.max_tokens = videos.null_text().size(1);
  pipeline.text_encoder_identity = videos.text_encoder_identity();
  pipeline.vae_identity = videos.vae_identity();
  checkpoints::write_model_file(directory, config.model);
  checkpoints::write_pipeline_file(directory, pipeline);

  if (config.vae_checkpoint.empty()) return;
  const auto vae = checkpoints::find_vae(config.vae_checkpoint);
  checkpoints::copy_vae(vae, directory / pipeline.vae);
}

std::shared_ptr<model::VideoVae> matching_vae(const TrainConfig& config, const Datasets& datasets,
                                              c10::Device device) {
  if (datasets.vae) return datasets.vae;
  std::shared_ptr<model::VideoVae> vae = with_context("vae_checkpoint", [&] {
    return checkpoints::find_vae(config.vae_checkpoint).load(device, at::kFloat);
  });
  const std::string& expected = datasets.videos->vae_identity();
  require(
      vae->identity() == expected,
      "vae_checkpoint: '{}' is the VAE {}, but data.videos was encoded by {}; give that VAE, or "
      "prepare the data again",
      config.vae_checkpoint, vae->identity(), expected);
  return vae;
}

}  // namespace sana::train
