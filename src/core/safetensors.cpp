#include "core/safetensors.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/safetensors_header.h"

namespace sana {
namespace fs = std::filesystem;
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian");

TensorMap load_sharded(const fs::path& index_path) {
  const nlohmann::json index = read_json_file(index_path);
  require(index.is_object() && index.contains("weight_map") && index["weight_map"].is_object(),
          "'{}' is no shard index: it has no weight_map", index_path.string());
  std::map<std::string, std::set<std::string>> names_of_shard;
  for (const auto& [name, shard] : index["weight_map"].items()) {
    require(shard.is_string(), "'{}': the shard of '{}' is not a file name", index_path.string(),
            name);
    const auto file = shard.get<std::string>();
    require(!file.empty() && fs::path(file).filename() == file && file != "..",
            "'{}': shard '{}' must lie beside the index", index_path.string(), file);
    names_of_shard[file].insert(name);
  }
  TensorMap tensors;
  for (const auto& [shard, names] : names_of_shard) {
    const SafetensorsFile file(index_path.parent_path() / shard);
    for (const std::string& name : names) tensors[name] = file.tensor(name);
    for (const auto& [name, entry] : file.entries()) {
      require(names.count(name) != 0, "'{}' holds tensor '{}', which '{}' does not place there",
              file.path().string(), name, index_path.filename().string());
    }
  }
  return tensors;
}

bool is_index(const fs::path& path) { return path.string().ends_with(".safetensors.index.json"); }

// The one index or, when there is none, the one .safetensors file of a folder.
fs::path weights_in_folder(const fs::path& folder) {
  std::vector<fs::path> files, indices;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (is_index(entry.path())) indices.push_back(entry.path());
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  }
  const auto& candidates = indices.empty() ? files : indices;
  require(!candidates.empty(), "'{}' holds no .safetensors file", folder.string());
  if (candidates.size() == 1) return candidates.front();
  std::string list;
  for (const fs::path& path : candidates) list += "\n  " + path.filename().string();
  throw UserError(
      fmt::format("'{}' holds several weight files; name one of them:{}", folder.string(), list));
}

using NamedTensor = std::pair<std::string, at::Tensor>;

// Wide types first, so that each tensor begins at a multiple of its element size (8 for the widest)
// although the format allows no padding between tensors.
std::vector<NamedTensor> in_file_order(const TensorMap& tensors) {
  std::vector<NamedTensor> order;
  for (const auto& [name, tensor] : tensors) {
    require(name != "__metadata__", "a tensor cannot be named __metadata__");
    require(tensor.defined() && tensor.layout() == at::kStrided, "tensor '{}' has no dense data",
            name);
    order.emplace_back(name, tensor);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.second.element_size() > b.second.element_size();
  });
  return order;
}

std::string header_text(const std::vector<NamedTensor>& order, const Metadata& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  uint64_t begin = 0;
  for (const auto& [name, tensor] : order) {
    const uint64_t end = begin + tensor.nbytes();
    header[name] = {{"dtype", detail::safetensors_dtype_name(tensor.scalar_type())},
                    {"shape", tensor.sizes().vec()},
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

TensorMap load_safetensors(const fs::path& path) {
  std::error_code error;
  const fs::path file = fs::is_directory(path, error) ? weights_in_folder(path) : path;
  return is_index(file) ? load_sharded(file) : SafetensorsFile(file).tensors();
}

void save_safetensors(const fs::path& path, const TensorMap& tensors, const Metadata& metadata) {
  const std::vector<NamedTensor> order = in_file_order(tensors);
  const std::string header = header_text(order, metadata);
  const uint64_t header_bytes = header.size();
  AtomicFile file(path);
  file.write({reinterpret_cast<const char*>(&header_bytes), 8});
  file.write(header);
  for (const auto& [name, tensor] : order) {
    const at::Tensor data = tensor.detach().cpu().contiguous();
    if (data.nbytes() == 0) continue;
    file.write({static_cast<const char*>(data.const_data_ptr()), data.nbytes()});
  }
  file.commit();
}

}  // namespace sana
