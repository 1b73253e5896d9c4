#include "train/inference_files.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "checkpoints/model_file.h"
#include "checkpoints/pipeline_config.h"
#include "checkpoints/run_folder.h"
#include "checkpoints/vae_source.h"
#include "core/error.h"
#include "core/files.h"
#include "core/text.h"

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

// The files of the VAE that was given; none when it is no longer there.
std::vector<fs::path> given_files(const TrainConfig& config) {
  try {
    return checkpoints::find_vae(config.vae_checkpoint).files;
  } catch (const UserError&) {
    return {};
  }
}

// The copy of this VAE in the newest checkpoint of the run; empty: there is none. The checkpoints of
// a run share one copy, of which they are the only owners: not one that shares its inode with the
// files that were given, as earlier versions made them.
fs::path earlier_copy(const fs::path& run_dir, const checkpoints::PipelineConfig& pipeline,
                      const std::vector<fs::path>& given) {
  const auto newest = checkpoints::newest_checkpoint(run_dir);
  if (!newest || !fs::is_directory(*newest / pipeline.vae)) return {};
  if (pipeline.vae_identity.empty() || !checkpoints::has_pipeline_file(*newest)) return {};
  const auto theirs = checkpoints::read_pipeline_file(*newest);
  if (theirs.vae != pipeline.vae || theirs.vae_identity != pipeline.vae_identity) return {};
  for (const fs::path& file : given) {
    std::error_code error;
    const fs::path copy = *newest / pipeline.vae / file.filename();
    if (fs::equivalent(copy, file, error)) return {};
  }
  return *newest / pipeline.vae;
}

}  // namespace

void write_dit_inference_files(const fs::path& directory, const TrainConfig& config,
                               const data::Dataset& videos, const data::Dataset* images) {
  checkpoints::PipelineConfig pipeline;
  pipeline.fps = videos.fps();
  pipeline.buckets = trained_buckets(videos, images);
  pipeline.sampler = config.preview.sampler;
  pipeline.text_encoder = config.text_encoder;
  if (!config.text_encoder.path.empty()) {  // which need not be read in the same folder
    pipeline.text_encoder.path = path_as_text(fs::absolute(config.text_encoder.path));
  }
  pipeline.text_encoder.max_tokens = videos.null_text().size(1);
  pipeline.text_encoder_identity = videos.text_encoder_identity();
  pipeline.vae_identity = videos.vae_identity();
  checkpoints::write_model_file(directory, config.model);
  checkpoints::write_pipeline_file(directory, pipeline);

  if (config.vae_checkpoint.empty()) return;
  const fs::path target = directory / pipeline.vae;
  const fs::path earlier = earlier_copy(directory.parent_path(), pipeline, given_files(config));
  if (earlier.empty()) {
    return checkpoints::copy_vae(checkpoints::find_vae(config.vae_checkpoint), target);
  }
  fs::create_directories(target);
  for (const auto& entry : fs::directory_iterator(earlier)) {
    link_or_copy_file(entry.path(), target / entry.path().filename());
  }
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
