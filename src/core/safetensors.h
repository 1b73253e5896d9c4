// Safetensors files: 8-byte header length, JSON header, raw little-endian data. Reading is
// memory-mapped and never runs code; writing is atomic.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/mapped_file.h"

namespace sana {

using TensorMap = std::map<std::string, at::Tensor>;
using Metadata = std::map<std::string, std::string>;

// A tensor that is read, or made, when its turn comes: passing on a checkpoint larger than memory
// needs room for one tensor.
struct LazyTensor {
  std::string name;
  at::ScalarType dtype = at::kFloat;
  std::vector<int64_t> shape;
  std::function<at::Tensor()> load;  // gives a tensor of that dtype and shape

  int64_t num_elements() const;
  int64_t num_bytes() const;
};
using TensorList = std::vector<LazyTensor>;

// The same for a tensor at hand.
LazyTensor lazy_tensor(const std::string& name, const at::Tensor& tensor);

// All of them at once, by name.
TensorMap load_all(const TensorList& tensors);

// Where one tensor lies in its file.
struct TensorEntry {
  at::ScalarType dtype = at::kFloat;
  std::vector<int64_t> shape;
  uint64_t begin = 0;  // bytes, from the start of the data section
  uint64_t end = 0;
};

// One memory-mapped file. Copies share the mapping.
class SafetensorsFile {
 public:
  // Validates the whole header (size, JSON, dtypes, offsets inside the file, no overlap, size =
  // product of shape) before anything is allocated. Throws UserError naming file and tensor.
  explicit SafetensorsFile(const std::filesystem::path& path);

  // The same of bytes that are in memory already; `path` names them in errors.
  SafetensorsFile(const std::filesystem::path& path, const MappedFile& file);

  const std::filesystem::path& path() const { return path_; }
  const Metadata& metadata() const { return metadata_; }
  const std::map<std::string, TensorEntry>& entries() const { return entries_; }
  bool contains(const std::string& name) const { return entries_.count(name) != 0; }

  // CPU tensor over the mapping (no copy; pages are private, so writing to it never reaches the
  // file). Keeps the mapping alive. Throws UserError for an unknown name.
  at::Tensor tensor(const std::string& name) const;

  // Every tensor, by name.
  TensorMap tensors() const;

 private:
  std::filesystem::path path_;
  std::shared_ptr<const void> mapping_;
  const char* data_ = nullptr;  // start of the data section
  Metadata metadata_;
  std::map<std::string, TensorEntry> entries_;
};

// "model.safetensors.index.json", also with a variant: "model.safetensors.index.fp16.json".
bool is_safetensors_index(const std::filesystem::path& path);

// "model.safetensors" -> "model.safetensors.index.json", the index of its shards.
std::filesystem::path safetensors_index_of(const std::filesystem::path& file);
// The first of these that is there: the file itself, the index of its shards; empty: neither.
std::filesystem::path find_safetensors(const std::filesystem::path& file);
// "model.safetensors", 2, 3 -> "model-00002-of-00003.safetensors", as the public loaders name them.
std::string shard_name(const std::string& file, int64_t number, int64_t count);

// Tensors of `path`: a .safetensors file, or a .safetensors.index.json (shards beside it). Throws
// UserError.
TensorMap load_safetensors(const std::filesystem::path& path);

// The same without reading any tensor. `metadata`, where given, receives that of all files.
TensorList list_safetensors(const std::filesystem::path& path, Metadata* metadata = nullptr);

// The file itself; of an index also its shards.
std::vector<std::filesystem::path> safetensors_files(const std::filesystem::path& path);

// The index of a file that is cut into shards: the shard of each tensor, by name, and the bytes of
// all tensors. Throws EnvironmentError.
void write_safetensors_index(const std::filesystem::path& path,
                             const std::map<std::string, std::string>& shard_of_tensor,
                             int64_t total_bytes);

// Writes aside, syncs, renames. Tensors may be on any device; data is contiguous and aligned to 8
// bytes. Throws EnvironmentError when the disk is full or the path not writable; the old file, if
// any, is then untouched.
void save_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                      const Metadata& metadata = {});
// The same, one tensor in memory at a time. Tensors lie in the file by dtype and name, whatever the
// order of the list, as the reference implementation writes them. Throws UserError for a name given
// twice.
void save_tensor_list(const std::filesystem::path& path, const TensorList& tensors,
                      const Metadata& metadata = {});
// The same, hashed while it is written: what the file is now.
FileDigest save_hashed_tensor_list(const std::filesystem::path& path, const TensorList& tensors,
                                   const Metadata& metadata = {});

}  // namespace sana
