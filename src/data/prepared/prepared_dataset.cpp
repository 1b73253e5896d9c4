#include "data/prepared/prepared_dataset.h"

#include <ATen/ATen.h>

#include <map>
#include <mutex>
#include <optional>

#include "core/error.h"
#include "data/prepared/dataset_file.h"
#include "data/prepared/hdf5_file.h"
#include "data/prepared/sample_store.h"
#include "media/unusable.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

void check_shard_sizes(const fs::path& folder, const DatasetFile& dataset) {
  for (const ShardRecord& shard : dataset.shards) {
    const fs::path file = folder / shard.file;
    require(fs::is_regular_file(file), "{}: missing; prepare the data set again", file.string());
    const auto bytes = static_cast<int64_t>(fs::file_size(file));
    require(bytes == shard.bytes,
            "{}: damaged: {} bytes, expected {}. Copy it again, or delete {} and prepare the data "
            "set again.",
            file.string(), bytes, shard.bytes, folder.string());
  }
}

}  // namespace

bool is_prepared(const fs::path& folder) {
  return fs::exists(folder / "dataset.json") || fs::exists(folder / "work" / "journal.jsonl");
}

struct PreparedDataset::Impl {
  fs::path folder;
  DatasetFile dataset;
  std::vector<SampleInfo> infos;
  std::string fingerprint;
  Sample null_text;
  int64_t cache_bytes = 0;

  std::mutex lock;  // of what follows
  std::map<int64_t, std::unique_ptr<Hdf5File>> shards;
  std::map<int64_t, Sample> cache;
  int64_t cached_bytes = 0;

  const Hdf5File& shard(int64_t index) {
    const std::lock_guard guard(lock);
    auto& file = shards[index];
    if (!file) {
      file = std::make_unique<Hdf5File>(
          Hdf5File::open(folder / dataset.shards[static_cast<size_t>(index)].file));
    }
    return *file;
  }

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
    const SampleRecord& record = dataset.samples[static_cast<size_t>(index)];
    const fs::path file = folder / dataset.shards[static_cast<size_t>(record.shard)].file;
    const auto remedy = fmt::format("Copy {} again, or delete {} and prepare the data set again.",
                                    file.filename().string(), folder.string());
    Sample sample;
    try {
      sample = read_sample(shard(record.shard), sample_group(record.place.value_or(index)),
                           dataset.kind);
    } catch (const UserError& error) {
      throw media::UnusableClip("damaged", error.what(), remedy);
    }
    if (sample_hash(sample) != record.hash) {
      throw media::UnusableClip("damaged", "its checksum in " + file.string() + " is wrong",
                                remedy);
    }
    keep(index, sample);
    return sample;
  }
};

PreparedDataset::PreparedDataset(const fs::path& directory, int64_t cache_bytes)
    : impl_(std::make_unique<Impl>()) {
  impl_->folder = directory;
  impl_->dataset = read_dataset_file(directory);
  impl_->fingerprint = impl_->dataset.fingerprint();
  impl_->cache_bytes = cache_bytes;
  require(!impl_->dataset.samples.empty(), "{}: holds no samples", directory.string());
  check_shard_sizes(directory, impl_->dataset);
  for (const SampleRecord& sample : impl_->dataset.samples) {
    impl_->infos.push_back({sample.id, sample.caption, sample.bucket, sample.weight});
  }
  if (impl_->dataset.kind == Kind::kLatents) {
    const Hdf5File file = Hdf5File::open(directory / "null_text.h5");
    impl_->null_text.text = file.read("text");
    impl_->null_text.mask = file.read("mask");
    require(sample_hash(impl_->null_text) == impl_->dataset.null_text_hash,
            "{}: damaged: its checksum is wrong; prepare the data set again",
            (directory / "null_text.h5").string());
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

}  // namespace sana::data
