// Writes a prepared set of random latents and text features: something to train on at full size
// where there are no clips.
#include <ATen/ATen.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "core/files.h"
#include "core/random.h"
#include "data/prepared/dataset_file.h"
#include "data/prepared/sample_store.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;

struct Sizes {
  int64_t samples = 8, frames = 81, height = 480, width = 832;
  int64_t channels = 16, stride_t = 4, stride = 8;  // of the VAE: Wan 2.1
  int64_t tokens = 300, text_dim = 2304;            // of the text encoder: Gemma-2-2b
};

data::Sample text_of(const Sizes& sizes, at::Generator& generator) {
  data::Sample sample;
  sample.text = at::randn({sizes.tokens, sizes.text_dim}, generator, at::kFloat);
  sample.mask = at::ones({sizes.tokens}, at::kLong);
  return sample;
}

void write(const fs::path& folder, const Sizes& sizes) {
  fs::create_directories(folder);
  RandomStreams streams(1);
  at::Generator& generator = streams.get("latents");
  data::DatasetFile dataset;
  dataset.kind = data::Kind::kLatents;
  dataset.text_identity = "text:random";
  dataset.settings = {{"fps", 16.0}};
  dataset.source = {{"path", "random numbers"}};
  data::write_null_text(folder, text_of(sizes, generator), dataset);
  data::Hdf5File shard = data::Hdf5File::create();
  for (int64_t i = 0; i < sizes.samples; ++i) {
    data::Sample sample = text_of(sizes, generator);
    sample.latents = at::randn({sizes.channels, 1 + (sizes.frames - 1) / sizes.stride_t,
                                sizes.height / sizes.stride, sizes.width / sizes.stride},
                               generator, at::kFloat);
    data::write_sample(shard, data::sample_group(i), sample);
    data::SampleRecord record;
    record.id = record.caption = "random" + std::to_string(i);
    record.bucket = {sizes.height, sizes.width, sizes.frames};
    record.hash = data::sample_hash(sample);
    dataset.samples.push_back(record);
  }
  write_file_atomically(folder / "shard.h5", shard.image());
  dataset.shards.push_back({"shard.h5", int64_t(fs::file_size(folder / "shard.h5")), {}, {}});
  data::write_dataset_file(folder, dataset);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Writes a prepared set of random latents.");
  std::string folder;
  Sizes sizes;
  app.add_option("folder", folder)->required();
  app.add_option("--samples", sizes.samples)->check(CLI::PositiveNumber);
  app.add_option("--frames", sizes.frames, "of pixels")->check(CLI::PositiveNumber);
  app.add_option("--height", sizes.height)->check(CLI::PositiveNumber);
  app.add_option("--width", sizes.width)->check(CLI::PositiveNumber);
  app.add_option("--channels", sizes.channels)->check(CLI::PositiveNumber);
  app.add_option("--tokens", sizes.tokens)->check(CLI::PositiveNumber);
  app.add_option("--text-dim", sizes.text_dim)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  write(folder, sizes);
  std::cout << sizes.samples << " samples in " << folder << "\n";
  return 0;
}
