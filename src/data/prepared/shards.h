// Samples out of the shards of a prepared data set. Nothing outside this folder needs it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "data/batch.h"
#include "data/prepared/dataset_file.h"
#include "data/prepared/sample_spec.h"
#include "data/prepared/shard_index.h"

namespace sana::data {

class Shards {
 public:
  // `dataset` must live as long as this. Throws UserError when a shard is missing, of another size
  // than the data set says, or not in its folder.
  Shards(std::filesystem::path folder, const DatasetFile& dataset);

  // A sample as it lies there, its shapes, types and hash compared with what the data set says.
  // Thread-safe. Throws UnusableClip when it is damaged.
  Sample read(int64_t index, const std::vector<TensorSpec>& specs) const;

  // What is wrong with the file of a shard or with its index, or nothing. Reads all of it.
  std::string complaint_of_file(int64_t shard) const;

  int64_t size() const { return static_cast<int64_t>(dataset_.shards.size()); }

 private:
  using IndexPointer = std::shared_ptr<const ShardIndex>;
  IndexPointer index_of(int64_t shard) const;
  IndexPointer load_index(int64_t shard) const;
  ShardIndex read_index_file(int64_t shard) const;
  const std::filesystem::path& path_of(int64_t shard) const {
    return paths_[static_cast<size_t>(shard)];
  }
  Sample read_parts(int64_t index, const std::vector<TensorSpec>& specs) const;

  std::filesystem::path folder_;
  const DatasetFile& dataset_;
  std::vector<std::filesystem::path> paths_;      // by shard
  std::vector<std::vector<int64_t>> samples_of_;  // by shard
  mutable std::mutex lock_;                       // of what follows
  mutable std::map<int64_t, IndexPointer> indices_;
  mutable int64_t num_pieces_ = 0;  // of all indices in memory
};

// The empty caption of a data set of latents. Throws UserError when its file is missing, damaged or
// of other types or shapes.
Sample read_null_text(const std::filesystem::path& folder, const DatasetFile& dataset);

}  // namespace sana::data
