#include "data/prepared/prepared_dataset.h"

#include <ATen/ATen.h>

#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "core/error.h"
#include "data/prepared/dataset_file.h"
#include "data/prepared/latent_sizes.h"
#include "data/prepared/sample_spec.h"
#include "data/prepared/sample_store.h"
#include "data/prepared/shards.h"

namespace sana::data {
namespace fs = std::filesystem;
bool is_prepared(const fs::path& folder) {
  return fs::exists(folder / "dataset.json") || fs::exists(folder / "work" / "journal.jsonl");
}

struct PreparedDataset::Impl {
  Impl(const fs::path& directory, int64_t cache)
      : folder(directory),
        dataset(read_dataset_file(directory)),
        shards(directory, dataset),
        latent_sizes(shards, dataset),
        cache_bytes(cache) {}

  fs::path folder;
  DatasetFile dataset;
  Shards shards;
  LatentSizes latent_sizes;
  std::vector<SampleInfo> infos;
  std::string fingerprint;
  Sample null_text;
  int64_t cache_bytes = 0;

  std::mutex lock;  // of what follows
  std::map<int64_t, Sample> cache;
  int64_t cached_bytes = 0;

  std::optional<Sample> find_cached(int64_t index) {
    const std::lock_guard guard(lock);
    const auto found = cache.find(index);
    if (found == cache.end()) return std::nullopt;
    return found->second;
  }

  // First come, first kept: with a shuffled order nothing cleverer hits more often.
  void keep(int64_t index, const Sample& sample) {
    const std::lock_guard guard(lock);
    const int64_t bytes = sample_bytes(sample);
    if (cached_bytes + bytes > cache_bytes) return;
    if (cache.emplace(index, sample).second) cached_bytes += bytes;
  }

  Sample read(int64_t index) {
    if (auto cached = find_cached(index)) return *cached;
    const ClipSize& bucket = dataset.samples.at(static_cast<size_t>(index)).bucket;
    auto specs = sample_specs(dataset, bucket, null_text);
    if (dataset.kind == Kind::kLatents && !dataset.geometry) {
      specs.front().shape = latent_sizes.expected(bucket, null_text);
    }
    const Sample sample = shards.read(index, specs);
    keep(index, sample);
    return sample;
  }
};

PreparedDataset::PreparedDataset(const fs::path& directory, int64_t cache_bytes)
    : impl_(std::make_unique<Impl>(directory, cache_bytes)) {
  impl_->fingerprint = impl_->dataset.fingerprint();
  require(!impl_->dataset.samples.empty(), "{}: holds no samples", directory.string());
  for (const SampleRecord& sample : impl_->dataset.samples) {
    impl_->infos.push_back({sample.id, sample.caption, sample.bucket, sample.weight});
  }
  if (impl_->dataset.kind == Kind::kLatents) {
    impl_->null_text = read_null_text(directory, impl_->dataset);
  }
}

PreparedDataset::~PreparedDataset() = default;

Kind PreparedDataset::kind() const { return impl_->dataset.kind; }
int64_t PreparedDataset::size() const { return static_cast<int64_t>(impl_->infos.size()); }
double PreparedDataset::fps() const { return impl_->dataset.fps(); }
const SampleInfo& PreparedDataset::info(int64_t index) const {
  return impl_->infos.at(static_cast<size_t>(index));
}
const std::string& PreparedDataset::vae_identity() const { return impl_->dataset.vae_identity; }
const std::string& PreparedDataset::text_encoder_identity() const {
  return impl_->dataset.text_identity;
}
const std::string& PreparedDataset::fingerprint() const { return impl_->fingerprint; }

at::Tensor PreparedDataset::null_text() const {
  return impl_->null_text.text.defined() ? impl_->null_text.text.unsqueeze(0) : at::Tensor();
}
at::Tensor PreparedDataset::null_text_mask() const {
  return impl_->null_text.mask.defined() ? impl_->null_text.mask.unsqueeze(0) : at::Tensor();
}

Sample PreparedDataset::sample(int64_t index) const { return impl_->read(index); }

std::vector<std::string> PreparedDataset::damaged_files() const {
  std::vector<std::string> damaged;
  for (int64_t shard = 0; shard < impl_->shards.size(); ++shard) {
    std::string complaint = impl_->shards.complaint_of_file(shard);
    if (!complaint.empty()) damaged.push_back(std::move(complaint));
  }
  return damaged;
}

}  // namespace sana::data
