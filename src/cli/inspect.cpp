#include "cli/inspect.h"

#include <c10/core/ScalarType.h>

#include <algorithm>

#include "checkpoints/run_folder.h"
#include "core/error.h"
#include "core/safetensors.h"

namespace sana::cli {
namespace {

namespace fs = std::filesystem;

bool has_extension(const fs::path& path, const std::string& end) {
  const std::string name = path.filename().string();
  return name.size() > end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
}

std::vector<fs::path> tensor_files(const fs::path& path) {
  if (!fs::is_directory(path)) {
    std::vector<fs::path> files = safetensors_files(path);
    if (is_safetensors_index(path)) files.erase(files.begin());  // the index itself
    return files;
  }
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    if (has_extension(entry.path(), ".safetensors")) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void add_tensors(TensorSummary& summary, const fs::path& path, const TensorList& tensors) {
  summary.files.push_back(path);
  for (const LazyTensor& tensor : tensors) {
    const auto& name = tensor.name;
    summary.num_elements += tensor.num_elements();
    summary.num_bytes += tensor.num_bytes();
    summary.dtypes[c10::toString(tensor.dtype)] += 1;
    summary.groups[name.substr(0, name.find('.'))] += tensor.num_elements();
    const bool is_new = summary.tensors.emplace(name, tensor).second;
    if (!is_new) summary.tensors.emplace(path.filename().string() + ": " + name, tensor);
  }
}

}  // namespace

TensorSummary summarize_tensors(const fs::path& path) {
  require(fs::exists(path), "{} does not exist", path.string());
  TensorSummary summary;
  for (const fs::path& file : tensor_files(path)) {
    add_tensors(summary, file, list_safetensors(file, &summary.metadata));
  }
  require(!summary.files.empty(), "{} holds no .safetensors file", path.string());
  return summary;
}

TensorSummary summarize_tensors(const checkpoints::WeightSource& source) {
  TensorSummary summary;
  summary.metadata = source.metadata;
  add_tensors(summary, source.files.front(), source.tensors);
  return summary;
}

PathKind kind_of(const fs::path& path) {
  require(fs::exists(path), "{} does not exist", path.string());
  if (!fs::is_directory(path)) {
    require(has_extension(path, ".safetensors") || has_extension(path, ".index.json") ||
                checkpoints::is_torch_file_name(path),
            "{} is neither a folder, a .safetensors file, a .safetensors.index.json nor a .pth or "
            ".pt file",
            path.string());
    return PathKind::kTensors;
  }
  if (fs::exists(path / "dataset.json")) return PathKind::kDataset;
  if (fs::exists(path / "vae.json")) return PathKind::kVae;
  if (fs::exists(path / "model.json")) return PathKind::kModel;
  if (!checkpoints::list_checkpoints(path).empty()) return PathKind::kRun;
  for (const char* file : {"model_index.json", "transformer", "config.json", "checkpoints"}) {
    if (fs::exists(path / file)) return PathKind::kPublic;
  }
  require(!tensor_files(path).empty() || !checkpoints::weight_candidates(path).empty(),
          "{} is no checkpoint (model.json, model_index.json, config.json, checkpoints/), VAE "
          "(vae.json), run (step-*), prepared data set (dataset.json) or folder of .safetensors or "
          ".pth files",
          path.string());
  return PathKind::kTensors;
}

}  // namespace sana::cli
