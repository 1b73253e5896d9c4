#include "data/prepared/shards.h"

#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/json_file.h"
#include "core/log.h"
#include "core/plain_file.h"
#include "data/prepared/hdf5_listing.h"
#include "data/prepared/sample_store.h"
#include "data/prepared/set_path.h"
#include "data/prepared/tensor_reader.h"
#include "media/unusable.h"

namespace sana::data {
namespace fs = std::filesystem;
namespace {

// Of all indices in memory; beyond it the next one takes their place. 256 MiB, far more than the
// sets that `prepare` makes need.
constexpr int64_t kMaxPiecesInMemory = int64_t{1} << 24;

void check_size(const fs::path& folder, const fs::path& file, int64_t bytes, int64_t expected) {
  require(bytes == expected,
          "{}: damaged: {} bytes, expected {}. Copy it again, or delete {} and prepare the data "
          "set again.",
          file.string(), bytes, expected, folder.string());
}

int64_t pieces_of(const ShardIndex& index) {
  int64_t count = 0;
  for (const auto& [name, tensor] : index.tensors) count += int64_t(tensor.pieces.size());
  return count;
}

at::Tensor Sample::*member_of(const std::string& part) {
  if (part == "pixels") return &Sample::pixels;
  if (part == "latents") return &Sample::latents;
  return part == "text" ? &Sample::text : &Sample::mask;
}

// `group`: "sample-00000001/", or nothing. Throws UserError.
Sample read_tensors(const PlainFile& file, const ShardIndex& index, const std::string& group,
                    const std::vector<TensorSpec>& specs) {
  Sample sample;
  for (const TensorSpec& spec : specs) {
    const StoredTensor& tensor = index.at(group + spec.part);
    const std::string complaint = complaint_of(tensor, spec);
    require(complaint.empty(), "{}", complaint);
    sample.*member_of(spec.part) = with_context(group + spec.part + " cannot be read",
                                                [&] { return read_tensor(file, tensor); });
  }
  return sample;
}

}  // namespace

Shards::Shards(fs::path folder, const DatasetFile& dataset)
    : folder_(std::move(folder)), dataset_(dataset), samples_of_(dataset.shards.size()) {
  for (const ShardRecord& shard : dataset_.shards) {
    const fs::path& file = paths_.emplace_back(find_in_set(folder_, shard.file));
    check_size(folder_, file, static_cast<int64_t>(fs::file_size(file)), shard.bytes);
  }
  for (size_t i = 0; i < dataset_.samples.size(); ++i) {
    samples_of_[static_cast<size_t>(dataset_.samples[i].shard)].push_back(static_cast<int64_t>(i));
  }
}

ShardIndex Shards::read_index_file(int64_t shard) const {
  const ShardRecord& record = dataset_.shards[static_cast<size_t>(shard)];
  const fs::path file = find_in_set(folder_, index_path(record.file).string());
  require(hash_file(file) == record.index_hash, "{}: damaged: its checksum is wrong",
          file.string());
  ShardIndex index = index_from_json(read_json_file(file), file.string());
  require(index.bytes == record.bytes, "{}: it is of a shard of {} bytes, not of {}", file.string(),
          index.bytes, record.bytes);
  return index;
}

Shards::IndexPointer Shards::load_index(int64_t shard) const {
  const ShardRecord& record = dataset_.shards[static_cast<size_t>(shard)];
  if (!record.index_hash.empty()) {
    try {
      return std::make_shared<const ShardIndex>(read_index_file(shard));
    } catch (const UserError& error) {
      log::warning("{}; its samples are looked for in the shard itself", error.what());
    }
  }
  std::vector<std::string> names;
  for (const int64_t index : samples_of_[static_cast<size_t>(shard)]) {
    const auto group = sample_group(dataset_.samples[static_cast<size_t>(index)], index);
    for (std::string& name : sample_parts(group, dataset_.kind)) names.push_back(std::move(name));
  }
  return std::make_shared<const ShardIndex>(list_tensors(path_of(shard), record.bytes, names));
}

Shards::IndexPointer Shards::index_of(int64_t shard) const {
  const std::lock_guard guard(lock_);
  const auto found = indices_.find(shard);
  if (found != indices_.end()) return found->second;
  IndexPointer index = load_index(shard);
  num_pieces_ += pieces_of(*index);
  if (num_pieces_ > kMaxPiecesInMemory) {
    indices_.clear();
    num_pieces_ = pieces_of(*index);
  }
  indices_[shard] = index;
  return index;
}

Sample Shards::read_parts(int64_t index, const std::vector<TensorSpec>& specs) const {
  const SampleRecord& record = dataset_.samples[static_cast<size_t>(index)];
  const IndexPointer shard = index_of(record.shard);
  const fs::path& path = path_of(record.shard);
  const PlainFile file = open_plain_file(path);
  check_size(folder_, path, file.bytes, shard->bytes);
  return with_context(path.string(), [&] {
    Sample sample = read_tensors(file, *shard, sample_group(record, index) + "/", specs);
    require(sample_hash(sample) == record.hash, "its checksum is wrong");
    const std::string complaint = complaint_of_numbers(sample);
    require(complaint.empty(), "{}", complaint);
    return sample;
  });
}

Sample Shards::read(int64_t index, const std::vector<TensorSpec>& specs) const {
  try {
    return read_parts(index, specs);
  } catch (const UserError& error) {
    const SampleRecord& record = dataset_.samples[static_cast<size_t>(index)];
    const std::string& file = dataset_.shards[static_cast<size_t>(record.shard)].file;
    throw media::UnusableClip(
        "damaged", error.what(),
        fmt::format("Copy {} again, or delete {} and prepare the data set again.", file,
                    folder_.string()));
  }
}

std::string Shards::complaint_of_file(int64_t shard) const {
  const ShardRecord& record = dataset_.shards[static_cast<size_t>(shard)];
  try {
    const fs::path& path = path_of(shard);
    require(record.hash.empty() || hash_file(path) == record.hash,
            "{}: damaged: its checksum is wrong; copy it again", path.string());
    if (!record.index_hash.empty()) read_index_file(shard);
  } catch (const UserError& error) {
    return error.what();
  }
  return "";
}

Sample read_null_text(const fs::path& folder, const DatasetFile& dataset) {
  const fs::path path = find_in_set(folder, kNullTextFile);
  return with_context(path.string(), [&] {
    const PlainFile file = open_plain_file(path);
    ShardIndex index = dataset.null_text_index;
    if (index.bytes != file.bytes) index = list_tensors(path, file.bytes, {"text", "mask"});
    const Sample sample = read_tensors(file, index, "", null_text_specs());
    require(sample_hash(sample) == dataset.null_text_hash,
            "damaged: its checksum is wrong; prepare the data set again");
    const auto complaint = complaint_of_numbers(sample);
    require(complaint.empty(), "damaged: {}; prepare the data set again", complaint);
    require(sample.mask.size(0) == sample.text.size(0),
            "damaged: its mask is of {} tokens, its text of {}; prepare the data set again",
            sample.mask.size(0), sample.text.size(0));
    return sample;
  });
}

}  // namespace sana::data
