#include "cli/inspect.h"

#include <c10/core/ScalarType.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "train/checkpoint.h"

namespace sana::cli {
namespace {

namespace fs = std::filesystem;

bool has_extension(const fs::path& path, const std::string& end) {
  const std::string name = path.filename().string();
  return name.size() > end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

std::vector<fs::path> files_of_index(const fs::path& index) {
  const nlohmann::json json = read_json_file(index);
  require(json.contains("weight_map") && json["weight_map"].is_object(),
          "{}: no 'weight_map' in this index of a sharded safetensors file", index.string());
  std::set<fs::path> files;
  for (const auto& [name, file] : json["weight_map"].items()) {
    require(file.is_string(), "{}: the file of '{}' is not a string", index.string(), name);
    files.insert(index.parent_path() / file.get<std::string>());
  }
  return {files.begin(), files.end()};
}

std::vector<fs::path> tensor_files(const fs::path& path) {
  if (has_extension(path, ".index.json")) return files_of_index(path);
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    if (has_extension(entry.path(), ".safetensors")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void add_file(TensorSummary& summary, const fs::path& path) {
  const SafetensorsFile file(path);
  summary.files.push_back(path);
  summary.metadata.insert(file.metadata().begin(), file.metadata().end());
  for (const auto& [name, entry] : file.entries()) {
    int64_t elements = 1;
    for (const int64_t size : entry.shape) elements *= size;
    summary.num_elements += elements;
    summary.num_bytes += static_cast<int64_t>(entry.end - entry.begin);
    summary.dtypes[c10::toString(entry.dtype)] += 1;
    summary.groups[name.substr(0, name.find('.'))] += elements;
    const bool is_new = summary.entries.emplace(name, entry).second;
    if (!is_new) summary.entries.emplace(path.filename().string() + ": " + name, entry);
  }
}

}  // namespace

TensorSummary summarize_tensors(const fs::path& path) {
  require(fs::exists(path), "{} does not exist", path.string());
  TensorSummary summary;
  for (const fs::path& file : tensor_files(path)) add_file(summary, file);
  require(!summary.files.empty(), "{} holds no .safetensors file", path.string());
  return summary;
}

PathKind kind_of(const fs::path& path) {
  require(fs::exists(path), "{} does not exist", path.string());
  if (!fs::is_directory(path)) {
    require(has_extension(path, ".safetensors") || has_extension(path, ".index.json"),
            "{} is neither a folder, a .safetensors file nor a .safetensors.index.json",
            path.string());
    return PathKind::kTensors;
  }
  if (fs::exists(path / "dataset.json")) return PathKind::kDataset;
  if (fs::exists(path / "vae.json")) return PathKind::kVae;
  if (fs::exists(path / "model.json")) return PathKind::kModel;
  if (!train::list_checkpoints(path).empty()) return PathKind::kRun;
  require(!tensor_files(path).empty(),
          "{} is no checkpoint (model.json), VAE (vae.json), run (step-*), prepared data set "
          "(dataset.json) or folder of .safetensors files",
          path.string());
  return PathKind::kTensors;
}

}  // namespace sana::cli
