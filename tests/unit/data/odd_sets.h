// Prepared data sets that are not as `prepare` makes them, with hashes that are right.
#pragma once
#include <hdf5.h>

#include <functional>
#include <string>
#include <vector>

#include "core/hash.h"
#include "data/prepared/hdf5_file.h"
#include "data/prepared/shard_index.h"
#include "support/data_fixtures.h"

namespace sana::data {

inline const ClipSize kOddBucket{32, 48, 5};

// Latents [3, 2, 4, 6], text [6, 8], mask [6], as a set with bucket kOddBucket has them.
inline Sample good_latents(int64_t seed) {
  Sample sample;
  sample.latents = (at::arange(3 * 2 * 4 * 6, at::kFloat) + seed).sin().view({3, 2, 4, 6});
  sample.text = (at::arange(6 * 8, at::kFloat) + seed).cos().view({6, 8});
  sample.mask = at::tensor({1, 1, 1, 1, 0, 0}, at::kLong);
  return sample;
}

struct OddSet {
  Kind kind = Kind::kLatents;
  ClipSize bucket = kOddBucket;
  bool has_index = true;     // as `prepare` writes it; else as other programs do
  bool has_geometry = true;  // of the VAE
  std::vector<Sample> samples;
  Sample null_text;
  std::function<void(nlohmann::json&)> edit = [](auto&) {};  // of dataset.json
};

inline OddSet latents_set(int64_t count) {
  OddSet set;
  for (int64_t i = 0; i < count; ++i) set.samples.push_back(good_latents(i));
  set.null_text = good_latents(100);
  set.null_text.latents = at::Tensor();
  return set;
}

inline void rewrite_dataset(const fs::path& folder,
                            const std::function<void(nlohmann::json&)>& edit) {
  auto json = nlohmann::json::parse(read_all(folder / "dataset.json"));
  edit(json);
  write_text(folder / "dataset.json", json.dump(1));
}

// Records of samples that lie in shard 0.
inline std::vector<SampleRecord> records_of(const std::vector<Sample>& samples,
                                            const ClipSize& bucket) {
  std::vector<SampleRecord> records;
  for (size_t i = 0; i < samples.size(); ++i) {
    SampleRecord record;
    record.id = "clip" + std::to_string(i);
    record.caption = record.id;
    record.bucket = bucket;
    record.hash = sample_hash(samples[i]);
    records.push_back(record);
  }
  return records;
}

inline void write_odd_set(const fs::path& folder, const OddSet& set) {
  fs::create_directories(folder);
  Hdf5File file = Hdf5File::create();
  std::vector<std::string> names;
  for (size_t i = 0; i < set.samples.size(); ++i) {
    const std::string group = sample_group(int64_t(i));
    write_sample(file, group, set.samples[i]);
    for (const std::string& name : all_parts(group)) names.push_back(name);
  }
  const std::string image = file.image();
  write_file_atomically(folder / "shard-00000.h5", image);
  DatasetFile dataset;
  dataset.kind = set.kind;
  dataset.settings = {{"fps", 16.0}};
  dataset.source = {{"path", "test"}, {"hash", "0"}};
  dataset.samples = records_of(set.samples, set.bucket);
  dataset.shards.push_back({"shard-00000.h5", int64_t(image.size()), "", ""});
  if (set.has_index) {
    const std::string index = index_to_text(file.index(image, names));
    write_file_atomically(folder / "shard-00000.index.json", index);
    dataset.shards[0].hash = hash_text(image);
    dataset.shards[0].index_hash = hash_text(index);
  }
  if (set.kind == Kind::kLatents) {
    write_null_text(folder, set.null_text, dataset);
    if (!set.has_index) dataset.null_text_index = {};
    if (set.has_geometry) dataset.geometry = VaeGeometry{4, 8, 8, 3, true};
  }
  write_dataset_file(folder, dataset);
  rewrite_dataset(folder, set.edit);
}

// A shard written by HDF5's library itself, as `write` likes.
inline void write_with_library(const fs::path& path, const std::function<void(hid_t file)>& write) {
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  REQUIRE(file >= 0);
  H5Gclose(H5Gcreate2(file, "sample-00000000", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  write(file);
  REQUIRE(H5Fclose(file) >= 0);
}

// What HDF5's library reads.
inline at::Tensor read_with_library(const fs::path& path, const std::string& name) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  REQUIRE(file >= 0);
  const hid_t set = H5Dopen2(file, name.c_str(), H5P_DEFAULT), space = H5Dget_space(set),
              type = H5Dget_type(set);
  std::vector<hsize_t> dims(size_t(H5Sget_simple_extent_ndims(space)));
  H5Sget_simple_extent_dims(space, dims.data(), nullptr);
  const at::ScalarType dtype = H5Tget_class(type) == H5T_FLOAT ? at::kFloat
                               : H5Tget_size(type) == 1        ? at::kByte
                                                               : at::kLong;
  at::Tensor tensor = at::empty(std::vector<int64_t>(dims.begin(), dims.end()), dtype);
  CHECK(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.data_ptr()) >= 0);
  H5Tclose(type), H5Sclose(space), H5Dclose(set), H5Fclose(file);
  return tensor;
}

// A set of pixels whose shard-00000.h5 is written by write_with_library(): one sample of the bucket
// 8x8x2, whose numbers have this hash.
inline void write_foreign_set(const fs::path& folder, const std::string& hash,
                              const std::function<void(hid_t file)>& write) {
  fs::create_directories(folder);
  write_with_library(folder / "shard-00000.h5", write);
  DatasetFile dataset;
  dataset.settings = {{"fps", 16.0}};
  dataset.source = {{"path", "test"}, {"hash", "0"}};
  dataset.samples.push_back({"clip0", "a caption", {8, 8, 2}, 0, hash, 16, {}, 1});
  dataset.shards.push_back(
      {"shard-00000.h5", int64_t(fs::file_size(folder / "shard-00000.h5")), "", ""});
  write_dataset_file(folder, dataset);
}

// What reading a sample of a set says.
inline std::string damage_of(const fs::path& folder, int64_t index = 0) {
  const PreparedDataset dataset(folder, /*cache_bytes=*/0);
  return message_of<UnusableClip>([&] { dataset.sample(index); });
}

}  // namespace sana::data
