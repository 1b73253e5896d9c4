#include "core/safetensors.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "core/error.h"
#include "core/json_dump.h"
#include "core/json_file.h"
#include "core/safetensors_header.h"

namespace sana {
namespace fs = std::filesystem;
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

// Everything in one file, in the order of the names.
TensorList list_file(const fs::path& path, Metadata* metadata) {
  const auto file = std::make_shared<const SafetensorsFile>(path);
  if (metadata != nullptr) metadata->insert(file->metadata().begin(), file->metadata().end());
  TensorList list;
  for (const auto& [name, entry] : file->entries()) {
    list.push_back({name, entry.dtype, entry.shape, [file, name] { return file->tensor(name); }});
  }
  return list;
}

using NamesOfShard = std::map<std::string, std::set<std::string>>;

NamesOfShard read_index(const fs::path& index_path) {
  const nlohmann::json index = read_json_file(index_path, kMaxConfigBytes);
  require(index.is_object() && index.contains("weight_map") && index["weight_map"].is_object(),
          "'{}' is no shard index: it has no weight_map", index_path.string());
  NamesOfShard names_of_shard;
  for (const auto& [name, shard] : index["weight_map"].items()) {
    require(shard.is_string(), "'{}': the shard of '{}' is not a file name", index_path.string(),
            name);
    const auto file = shard.get<std::string>();
    require(!file.empty() && fs::path(file).filename() == file && file != "..",
            "'{}': shard '{}' must lie beside the index", index_path.string(), file);
    names_of_shard[file].insert(name);
  }
  return names_of_shard;
}

TensorList list_sharded(const fs::path& index_path, Metadata* metadata) {
  TensorList list;
  for (const auto& [shard, names] : read_index(index_path)) {
    const fs::path path = index_path.parent_path() / shard;
    require(fs::exists(path), "'{}' names the shard '{}', which is missing; copy it there, too",
            index_path.string(), shard);
    TensorList tensors = list_file(path, metadata);
    std::set<std::string> absent = names;
    std::string stray;
    for (const LazyTensor& tensor : tensors) {
      if (absent.erase(tensor.name) == 0) stray = tensor.name;
    }
    require(absent.empty(), "'{}' holds no tensor '{}'", path.string(),
            absent.empty() ? "" : *absent.begin());
    require(stray.empty(), "'{}' holds tensor '{}', which '{}' does not place there", path.string(),
            stray, index_path.filename().string());
    std::move(tensors.begin(), tensors.end(), std::back_inserter(list));
  }
  return list;
}

// By dtype, then by name.
TensorList in_file_order(TensorList tensors) {
  std::sort(tensors.begin(), tensors.end(), [](const LazyTensor& a, const LazyTensor& b) {
    const size_t rank_a = detail::safetensors_dtype_rank(a.dtype);
    const size_t rank_b = detail::safetensors_dtype_rank(b.dtype);
    return std::tie(rank_a, a.name) < std::tie(rank_b, b.name);
  });
  std::set<std::string> names = {"__metadata__"};
  for (const LazyTensor& tensor : tensors) {
    require(names.insert(tensor.name).second, "a tensor cannot be named {}{}", tensor.name,
            tensor.name == "__metadata__" ? "" : ": another has that name");
  }
  return tensors;
}

std::string header_text(const TensorList& order, const Metadata& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t begin = 0;
  for (const LazyTensor& tensor : order) {
    const uint64_t end = begin + uint64_t(tensor.num_bytes());
    header[tensor.name] = {{"dtype", detail::safetensors_dtype_name(tensor.dtype)},
                           {"shape", tensor.shape},
                           {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::type_error& error) {
    throw UserError(fmt::format("a tensor name or metadata text is not UTF-8: {}", error.what()));
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  require(text.size() <= detail::kMaxHeaderBytes, "the header would have {} bytes", text.size());
  return text;
}

void write_tensors(AtomicFile& file, const TensorList& tensors, const Metadata& metadata) {
  const TensorList order = in_file_order(tensors);
  const std::string header = header_text(order, metadata);
  const uint64_t header_bytes = header.size();
  file.write({reinterpret_cast<const char*>(&header_bytes), 8});
  file.write(header);
  for (const LazyTensor& tensor : order) {
    const at::Tensor data = tensor.load().detach().cpu().contiguous();
    SANA_ASSERT(data.scalar_type() == tensor.dtype && data.sizes() == tensor.shape);
    if (data.nbytes() == 0) continue;
    file.write({static_cast<const char*>(data.const_data_ptr()), data.nbytes()});
  }
  file.commit();
}

}  // namespace

SafetensorsFile::SafetensorsFile(const fs::path& path) : SafetensorsFile(path, map_file(path)) {}

SafetensorsFile::SafetensorsFile(const fs::path& path, const MappedFile& file) : path_(path) {
  require(file.size >= 8, "'{}' is no safetensors file: it has {} bytes", path.string(), file.size);
  uint64_t header_bytes = 0;
  const char* start = file.memory.get();
  std::memcpy(&header_bytes, start, 8);
  require(header_bytes <= detail::kMaxHeaderBytes,
          "'{}' is no safetensors file: its header would have {} bytes (at most {} are allowed)",
          path.string(), header_bytes, detail::kMaxHeaderBytes);
  require(header_bytes <= file.size - 8,
          "'{}' is truncated: its header should have {} bytes, {} are there", path.string(),
          header_bytes, file.size - 8);
  auto header = with_context(fmt::format("'{}'", path.string()), [&] {
    return detail::parse_safetensors_header({start + 8, header_bytes},
                                            file.size - 8 - header_bytes);
  });
  mapping_ = file.memory;
  data_ = start + 8 + header_bytes;
  metadata_ = std::move(header.metadata);
  entries_ = std::move(header.entries);
}

at::Tensor SafetensorsFile::tensor(const std::string& name) const {
  const auto found = entries_.find(name);
  require(found != entries_.end(), "'{}' holds no tensor '{}'", path_.string(), name);
  const TensorEntry& entry = found->second;
  const auto options = at::TensorOptions().dtype(entry.dtype);
  const char* begin = data_ + entry.begin;
  const bool aligned = reinterpret_cast<uintptr_t>(begin) % c10::elementSize(entry.dtype) == 0;
  if (aligned && entry.begin != entry.end) {
    return at::from_blob(
        const_cast<char*>(begin), entry.shape, [keep = mapping_](void*) mutable { keep.reset(); },
        options);
  }
  // Other writers do not align: such a tensor has to be copied.
  at::Tensor copy = at::empty(entry.shape, options);
  if (entry.begin != entry.end) std::memcpy(copy.mutable_data_ptr(), begin, copy.nbytes());
  return copy;
}

TensorMap SafetensorsFile::tensors() const {
  TensorMap result;
  for (const auto& [name, entry] : entries_) result[name] = tensor(name);
  return result;
}

bool is_safetensors_index(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".json") && name.find(".safetensors.index.") != std::string::npos;
}

fs::path safetensors_index_of(const fs::path& file) {
  fs::path index = file;
  index += ".index.json";
  return index;
}

fs::path find_safetensors(const fs::path& file) {
  for (const fs::path& path : {file, safetensors_index_of(file)}) {
    if (fs::exists(path)) return path;
  }
  return {};
}

std::string shard_name(const std::string& file, int64_t number, int64_t count) {
  const fs::path path = file;
  return fmt::format("{}-{:05}-of-{:05}{}", path.stem().string(), number, count,
                     path.extension().string());
}

void write_safetensors_index(const fs::path& path,
                             const std::map<std::string, std::string>& shard_of_tensor,
                             int64_t total_bytes) {
  nlohmann::json index;
  index["weight_map"] = shard_of_tensor;
  index["metadata"]["total_size"] = total_bytes;
  write_file_atomically(path, dump_json(index, 2) + "\n");
}

int64_t LazyTensor::num_elements() const {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

int64_t LazyTensor::num_bytes() const {
  return num_elements() * static_cast<int64_t>(c10::elementSize(dtype));
}

LazyTensor lazy_tensor(const std::string& name, const at::Tensor& tensor) {
  require(tensor.defined() && tensor.layout() == at::kStrided, "tensor '{}' has no dense data",
          name);
  return {name, tensor.scalar_type(), tensor.sizes().vec(), [tensor] { return tensor; }};
}

TensorList list_safetensors(const fs::path& path, Metadata* metadata) {
  return is_safetensors_index(path) ? list_sharded(path, metadata) : list_file(path, metadata);
}

std::vector<fs::path> safetensors_files(const fs::path& path) {
  std::vector<fs::path> files = {path};
  if (!is_safetensors_index(path)) return files;
  for (const auto& [shard, names] : read_index(path)) files.push_back(path.parent_path() / shard);
  return files;
}

TensorMap load_all(const TensorList& tensors) {
  TensorMap map;
  for (const LazyTensor& tensor : tensors) map[tensor.name] = tensor.load();
  return map;
}

TensorMap load_safetensors(const fs::path& path) { return load_all(list_safetensors(path)); }

void save_safetensors(const fs::path& path, const TensorMap& tensors, const Metadata& metadata) {
  TensorList list;
  for (const auto& [name, tensor] : tensors) list.push_back(lazy_tensor(name, tensor));
  save_tensor_list(path, list, metadata);
}

void save_tensor_list(const fs::path& path, const TensorList& tensors, const Metadata& metadata) {
  AtomicFile file(path);
  write_tensors(file, tensors, metadata);
}

FileDigest save_hashed_tensor_list(const fs::path& path, const TensorList& tensors,
                                   const Metadata& metadata) {
  AtomicFile file(path, /*hashes=*/true);
  write_tensors(file, tensors, metadata);
  return file.digest();
}

}  // namespace sana
