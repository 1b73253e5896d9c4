// Writes the prepared folders of tiny_run.h.
#include <ATen/ATen.h>

#include <cmath>
#include <fstream>
#include <stdexcept>
#include <string>

#include "core/files.h"
#include "core/random.h"
#include "data/prepared/dataset_file.h"
#include "data/prepared/prepared_dataset.h"
#include "data/prepared/sample_store.h"
#include "unit/train/tiny_run.h"

namespace sana_test {
namespace fs = std::filesystem;
using namespace sana;
namespace {

// Slow waves: something that a tiny VAE can learn.
at::Tensor wave_clip(int64_t index, int64_t frames, uint64_t seed) {
  const at::Tensor t = at::arange(frames, at::kFloat).view({frames, 1, 1, 1});
  const at::Tensor y = at::arange(16, at::kFloat).view({1, 16, 1, 1});
  const at::Tensor x = at::arange(24, at::kFloat).view({1, 1, 24, 1});
  const at::Tensor color = at::tensor({0.0f, 0.7f, 1.4f}).view({1, 1, 1, 3});
  const double phase = double(index) + double(seed);
  const at::Tensor wave = (0.2 * x + 0.1 * y + 0.3 * t + color + phase).sin();
  return (wave * 110.0 + 128.0).to(at::kByte);
}

void write_tiny_dataset(const fs::path& folder, const TinyData& data, data::DatasetFile dataset,
                        const std::vector<data::Sample>& samples) {
  dataset.settings = {{"fps", 16.0}};
  dataset.source = {{"path", "made by the test"}};
  data::Hdf5File shard = data::Hdf5File::create();
  const int64_t height = dataset.kind == data::Kind::kPixels ? 16 : 32;
  const int64_t width = dataset.kind == data::Kind::kPixels ? 24 : 48;
  for (size_t i = 0; i < samples.size(); ++i) {
    data::write_sample(shard, data::sample_group(int64_t(i)), samples[i]);
    data::SampleRecord record;
    record.id = data.name + std::to_string(i);
    record.caption = record.id;
    record.bucket = {height, width, data.frames};
    record.hash = data::sample_hash(samples[i]);
    dataset.samples.push_back(record);
  }
  write_file_atomically(folder / "shard.h5", shard.image());
  dataset.shards.push_back({"shard.h5", int64_t(fs::file_size(folder / "shard.h5")), {}, {}});
  data::write_dataset_file(folder, dataset);
}

}  // namespace

void write_tiny_pixels(const fs::path& folder, const TinyData& data) {
  fs::create_directories(folder);
  data::DatasetFile dataset;
  dataset.kind = data::Kind::kPixels;
  std::vector<data::Sample> samples(size_t(data.samples));
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i].pixels = wave_clip(int64_t(i), data.frames, data.seed).contiguous();
  }
  write_tiny_dataset(folder, data, dataset, samples);
}

void write_tiny_latents(const fs::path& folder, const TinyData& data) {
  fs::create_directories(folder);
  RandomStreams streams(data.seed);
  RandomStreams text_streams(data.text_seed);
  data::DatasetFile dataset;
  dataset.kind = data::Kind::kLatents;
  dataset.vae_identity = data.vae_identity;
  dataset.text_identity = "text:tiny";
  std::vector<data::Sample> samples(size_t(data.samples));
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i].latents = at::randn({data.channels, 1 + (data.frames - 1) / 4, 4, 6},
                                   streams.get("latents"), at::kFloat);
    if (int64_t(i) == data.poisoned) samples[i].latents.fill_(1e30);
    samples[i].text = at::randn({6, 8}, text_streams.get("text"), at::kFloat);
    samples[i].mask = at::tensor({1, 1, 1, 1, 0, 0}, at::kLong);
  }
  data::Sample null_text;
  null_text.text = at::full({6, 8}, 0.5f);
  null_text.mask = at::tensor({1, 0, 0, 0, 0, 0}, at::kLong);
  data::write_null_text(folder, null_text, dataset);
  write_tiny_dataset(folder, data, dataset, samples);
}

// The latents stand in the shard as they are.
void damage_first_sample(const fs::path& folder) {
  const at::Tensor latents = data::PreparedDataset(folder).read({0}).data.contiguous();
  const std::string bytes(static_cast<const char*>(latents.data_ptr()), 64);
  std::string shard = read_text_file(folder / "shard.h5");
  const auto at = shard.find(bytes);
  if (at == std::string::npos) throw std::runtime_error("the shard does not hold the latents");
  shard[at + 5] = char(shard[at + 5] ^ 1);
  std::ofstream(folder / "shard.h5", std::ios::binary) << shard;
}

}  // namespace sana_test
