#include "checkpoints/weight_source.h"

#include <algorithm>
#include <array>
#include <map>
#include <regex>
#include <set>

#include "core/error.h"
#include "core/torch_file/torch_file.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;
namespace {

std::string name_of(const fs::path& path) { return path.filename().string(); }

// "model.fp16.safetensors" -> {"model.safetensors", "fp16"}
std::pair<std::string, std::string> without_variant(const std::string& name) {
  for (const std::string variant : {"bf16", "fp16"}) {
    const size_t begin = name.find("." + variant + ".");
    if (begin == std::string::npos) continue;
    return {name.substr(0, begin) + name.substr(begin + 1 + variant.size()), variant};
  }
  return {name, ""};
}

// The preferred one of `files` when all are variants of one file, else all of them.
std::vector<fs::path> choose_variant(const std::vector<fs::path>& files) {
  std::set<std::string> bases;
  std::map<std::string, fs::path> by_variant;  // "" < "bf16" < "fp16"
  for (const fs::path& path : files) {
    const auto [base, variant] = without_variant(name_of(path));
    bases.insert(base);
    by_variant[variant] = path;
  }
  return bases.size() == 1 ? std::vector<fs::path>{by_variant.begin()->second} : files;
}

bool is_shard(const fs::path& path) {
  static const std::regex pattern(R"(.*-\d{5}-of-\d{5}(\..*)?\.safetensors)");
  return std::regex_match(name_of(path), pattern);
}

WeightSource open_torch_file(const fs::path& path, const UnwrapOptions& options) {
  UnwrappedState state =
      unwrap_state_dict(load_torch_file(path), fmt::format("'{}'", path.string()), options);
  WeightSource source;
  source.files = {path};
  source.tensors = std::move(state.tensors);
  source.is_torch_file = true;
  source.wrapper = std::move(state.wrapper);
  source.step = state.step;
  source.epoch = state.epoch;
  source.unread = std::move(state.unread);
  return source;
}

WeightSource open_safetensors(const fs::path& path) {
  WeightSource source;
  source.tensors = without_wrapper_names(list_safetensors(path, &source.metadata),
                                         fmt::format("'{}'", path.string()));
  source.files = safetensors_files(path);
  return source;
}

}  // namespace

bool is_torch_file_name(const fs::path& path) {
  constexpr std::array<std::string_view, 4> kExtensions = {".pth", ".pt", ".bin", ".ckpt"};
  const std::string extension = path.extension().string();
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

bool is_safetensors_name(const fs::path& path) { return path.extension() == ".safetensors"; }

std::vector<fs::path> weight_candidates(const fs::path& folder) {
  std::array<std::vector<fs::path>, 3> found;  // indices, whole files, torch files
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const fs::path& path = entry.path();
    if (is_safetensors_index(path)) found[0].push_back(path);
    if (is_safetensors_name(path) && !is_shard(path)) found[1].push_back(path);
    if (is_torch_file_name(path)) found[2].push_back(path);
  }
  for (std::vector<fs::path>& files : found) {
    std::sort(files.begin(), files.end());
    if (!files.empty()) return choose_variant(files);
  }
  return {};
}

std::optional<fs::path> weights_in(const fs::path& folder) {
  const std::vector<fs::path> files = weight_candidates(folder);
  if (files.empty()) return std::nullopt;
  std::string list;
  for (const fs::path& file : files) list += fmt::format("\n  {}", name_of(file));
  require(files.size() == 1, "'{}' holds several weight files; name one of them:{}",
          folder.string(), list);
  return files.front();
}

WeightSource open_weights(const fs::path& path, const UnwrapOptions& options) {
  require(fs::exists(path), "'{}' does not exist", path.string());
  fs::path file = path;
  if (fs::is_directory(path)) {
    const auto inside = weights_in(path);
    require(inside.has_value(), "'{}' holds no .safetensors, .pth or .pt file", path.string());
    file = *inside;
  }
  if (is_torch_file_name(file)) return open_torch_file(file, options);
  require(is_safetensors_name(file) || is_safetensors_index(file),
          "'{}' is neither a .safetensors file, a .safetensors.index.json nor a .pth or .pt file",
          file.string());
  return open_safetensors(file);
}

}  // namespace sana::checkpoints
