#include "checkpoints/checkpoint_layout.h"

#include <vector>

#include "checkpoints/weight_source.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_file.h"
#include "core/json_object.h"

namespace sana::checkpoints {
namespace fs = std::filesystem;
namespace {

// Class of a config.json: diffusers writes _class_name, transformers a list of architectures.
std::string class_in(const fs::path& file) {
  if (!fs::exists(file)) return "";
  const nlohmann::json json = read_json_file(file, kMaxConfigBytes);
  if (!json.is_object()) return "";
  const JsonObject keys(json, file.string());
  if (keys.holds<std::string>("_class_name")) return keys.required<std::string>("_class_name");
  if (!keys.holds<std::vector<std::string>>("architectures")) return "";
  const auto names = keys.required<std::vector<std::string>>("architectures");
  return names.empty() ? "" : names.front();
}

// A part of a pipeline lies in transformer/ of its folder, an original file in checkpoints/.
fs::path home_of(const fs::path& path) {
  const fs::path folder = fs::is_directory(path) ? path : fs::absolute(path).parent_path();
  const fs::path full = fs::absolute(folder).lexically_normal();
  const fs::path own = full.has_filename() ? full : full.parent_path();
  const fs::path above = own.parent_path();
  const bool is_part = own.filename() == "transformer" || own.filename() == "checkpoints";
  const bool has_others = fs::exists(above / "model_index.json") || fs::is_directory(above / "vae");
  return is_part && has_others ? above : folder;
}

// Fills in the component in `folder`.
void add_component(CheckpointLayout& found, const fs::path& folder) {
  if (!fs::is_directory(folder)) return;
  found.weights = weights_in(folder).value_or(fs::path());
  if (fs::exists(folder / "config.json")) found.config = folder / "config.json";
}

CheckpointLayout recognize_folder(const fs::path& path) {
  CheckpointLayout found;
  found.path = path;
  const fs::path index = path / "model_index.json";
  if (fs::exists(index) || fs::exists(path / "transformer" / "config.json") ||
      (fs::is_directory(path / "transformer") && weights_in(path / "transformer"))) {
    found.layout = Layout::kPipeline;
    found.class_name = class_in(index);
    add_component(found, path / "transformer");
  } else if (fs::exists(path / "model.json")) {
    found.layout = Layout::kNative;
    found.config = path / "model.json";
    for (const char* name : {"model.safetensors", "ema.safetensors"}) {
      const fs::path file = find_safetensors(path / name);
      if (!file.empty()) found.weights = file;
    }
  } else if (const std::string name = class_in(path / "config.json"); !name.empty()) {
    found.layout = Layout::kComponent;
    found.class_name = name;
    add_component(found, path);
  } else if (fs::is_directory(path / "checkpoints") && weights_in(path / "checkpoints")) {
    found.layout = Layout::kOriginalRepository;
    found.weights = *weights_in(path / "checkpoints");
  } else {
    found.weights = weights_in(path).value_or(fs::path());
    require(!found.weights.empty(),
            "'{}' is no checkpoint: it holds no model_index.json, {}, config.json, model.json, "
            "checkpoints/*.pth, .safetensors, .pth or .pt file",
            path.string(),
            fs::is_directory(path / "transformer")
                ? "transformer/config.json or weights in its transformer/"
                : "transformer/");
  }
  return found;
}

}  // namespace

std::string CheckpointLayout::description() const {
  const std::string named = class_name.empty() ? "" : fmt::format(" ({})", class_name);
  switch (layout) {
    case Layout::kPipeline:
      return "diffusers pipeline" + named;
    case Layout::kComponent:
      return "diffusers component" + named;
    case Layout::kNative:
      return "checkpoint of this program";
    case Layout::kOriginalRepository:
      return "original repository";
    case Layout::kWeights:
      break;
  }
  if (is_torch_file_name(weights)) return "file of torch.save" + named;
  return (is_safetensors_index(weights) ? "sharded safetensors file" : "safetensors file") + named;
}

CheckpointLayout recognize_checkpoint(const fs::path& path) {
  require(fs::exists(path), "'{}' does not exist", path.string());
  if (fs::is_directory(path)) {
    CheckpointLayout folder = recognize_folder(path);
    folder.home = home_of(path);
    return folder;
  }
  require(is_torch_file_name(path) || is_safetensors_name(path) || is_safetensors_index(path),
          "'{}' is neither a folder, a .safetensors file, a .safetensors.index.json nor a .pth or "
          ".pt file",
          path.string());
  CheckpointLayout found;
  found.path = found.weights = path;
  found.home = home_of(path);
  // A file inside a component has the component's configuration.
  const fs::path config = path.parent_path() / "config.json";
  if (!is_torch_file_name(path)) found.class_name = class_in(config);
  if (!found.class_name.empty()) found.config = config;
  return found;
}

}  // namespace sana::checkpoints
