// Small inputs for the tests of src/data, made when they run.
#pragma once
#include <ATen/ATen.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "core/build_config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/progress.h"
#include "data/prepared/dataset_file.h"
#include "data/prepared/prepare.h"
#include "data/prepared/prepared_dataset.h"
#include "data/prepared/sample_store.h"
#include "data/prepared/work_folder.h"
#include "support/media_fixtures.h"

namespace sana::data {
namespace fs = std::filesystem;
using namespace media;
using namespace sana_test;

// A finished data set of pixels with one sample for each bucket given.
inline void make_pixels_dataset(const fs::path& folder, const std::vector<ClipSize>& buckets,
                                int64_t max_shard_bytes = 1 << 20) {
  WorkFolder work(folder, {{"test", true}}, max_shard_bytes);
  for (size_t i = 0; i < buckets.size(); ++i) {
    const auto& bucket = buckets[i];
    Sample sample;
    sample.pixels =
        test_pixels(bucket.frames, bucket.height, bucket.width, static_cast<int64_t>(i));
    const auto name = std::to_string(i);
    work.add_sample(
        {"clip" + name + ".mp4", "caption " + name, bucket, 0, sample_hash(sample), 16, {}},
        sample);
  }
  DatasetFile dataset;
  dataset.settings = {{"fps", 16.0}, {"frames", 5}, {"buckets", {"16x16"}}};
  dataset.source = {{"path", "test"}, {"files", buckets.size()}, {"hash", "0"}};
  dataset.listed = static_cast<int64_t>(buckets.size());
  dataset.shards = work.finish_shards();
  dataset.samples = work.samples();
  write_dataset_file(folder, dataset);
  work.remove();
}

// <folder>/pixels with three clips and an image.
inline PreparedDataset pixels_source(const TempFolder& folder) {
  make_pixels_dataset(folder / "pixels", {{16, 24, 5}, {16, 24, 5}, {16, 24, 5}, {16, 16, 1}});
  return PreparedDataset(folder / "pixels");
}

// Encoders that are quick and tell inputs apart; `calls` counts encoded clips.
inline Encoders test_encoders(int64_t* calls = nullptr) {
  Encoders encoders;
  encoders.vae_identity = "test vae";
  encoders.text_identity = "test text";
  encoders.geometry.latent_channels = 3;
  encoders.latents = [calls](const at::Tensor& video) {
    if (calls != nullptr) ++*calls;
    const at::Tensor pooled = at::avg_pool3d(video, {1, 8, 8});
    return pooled.slice(2, 0, std::nullopt, 4).contiguous();
  };
  encoders.text = [](const std::vector<std::string>& prompts) {
    const auto length = static_cast<int64_t>(prompts.at(0).size());
    const at::Tensor features = at::full({1, 4, 6}, static_cast<double>(length));
    return std::make_pair(features, at::ones({1, 4}, at::kLong));
  };
  encoders.negative_text = [](const std::vector<std::string>&) {
    return std::make_pair(at::full({1, 4, 6}, -1.0), at::ones({1, 4}, at::kLong));
  };
  return encoders;
}

inline PrepareConfig test_config(const fs::path& source, const fs::path& output,
                                 const std::string& kind) {
  PrepareConfig config;
  config.source = source.string();
  config.output = output.string();
  config.kind = kind;
  config.fps = 16;
  config.frames = 5;
  config.buckets.sizes = {"64x128"};
  return config;
}

inline PrepareResult run_prepare(const PrepareConfig& config, const Encoders* encoders = nullptr) {
  const auto progress = sana::make_silent_progress();
  return prepare(config, encoders, *progress);
}

}  // namespace sana::data
