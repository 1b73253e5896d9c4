#include "checkpoints/vae_source.h"

#include <map>

#include "checkpoints/manifest.h"
#include "checkpoints/public/dc_ae_names.h"
#include "checkpoints/public/dc_ae_public.h"
#include "checkpoints/public/dc_ae_video_public.h"
#include "checkpoints/public/ltx2_vae_names.h"
#include "checkpoints/public/ltx2_vae_public.h"
#include "checkpoints/public/wan_vae_names.h"
#include "checkpoints/public/wan_vae_public.h"
#include "checkpoints/run_folder.h"
#include "checkpoints/wan_vae_file.h"
#include "checkpoints/weight_source.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_file.h"
#include "core/json_object.h"
#include "model/parameter.h"
#include "model/state_dict.h"
#include "model/vae/dc_ae.h"
#include "model/vae/dc_ae_video.h"
#include "model/vae/ltx2_vae.h"
#include "model/vae/wan_vae.h"

namespace sana::checkpoints {
namespace {

namespace fs = std::filesystem;
using model::VideoVae;

constexpr const char* kConfigFile = "config.json";

TensorMap read_tensors(const fs::path& path) { return load_all(open_weights(path).tensors); }

// `path` itself, or the weights in it.
std::vector<fs::path> files_of(const fs::path& path) {
  const fs::path weights = fs::is_directory(path) ? weights_in(path).value_or(path) : path;
  return is_torch_file_name(weights) ? std::vector<fs::path>{weights} : safetensors_files(weights);
}

// A module on the meta device.
template <class Module, class Config>
std::function<std::unique_ptr<VideoVae>(c10::ScalarType)> on_meta(const Config& config) {
  return [config](c10::ScalarType dtype) {
    const model::UnfilledParameters unfilled(at::kMeta, dtype);
    return model::make_video_vae(Module(config), at::kMeta, dtype);
  };
}

VaeSource wan_source(const fs::path& path, const model::WanVaeConfig& config) {
  const auto load = [path, config](c10::Device device, c10::ScalarType dtype) {
    TensorMap tensors = read_tensors(path);
    if (is_original_wan_vae(tensors)) {
      tensors = wan_vae_from_original(tensors, path.string());
    }
    return model::make_video_vae(model::build_wan_vae(config, tensors, path.string()), device,
                                 dtype);
  };
  return {"Wan VAE",
          path,
          config.geometry(),
          at::kFloat,
          files_of(path),
          load,
          on_meta<model::WanVae>(config)};
}

VaeSource ltx2_source(const fs::path& path, const model::Ltx2VaeConfig& config) {
  const auto load = [path, config](c10::Device device, c10::ScalarType dtype) {
    TensorMap tensors = read_tensors(path);
    if (is_original_ltx2_vae(tensors)) {
      tensors = ltx2_vae_from_original(tensors, path.string());
    }
    model::Ltx2Vae vae = model::build_ltx2_vae(config, tensors, path.string(),
                                               at::TensorOptions().dtype(dtype).device(device));
    return model::make_video_vae(std::move(vae), device, dtype);
  };
  const auto without_weights = [config](c10::ScalarType dtype) {
    const auto meta = at::TensorOptions().dtype(dtype).device(at::kMeta);
    return model::make_video_vae(model::Ltx2Vae(config, meta), at::kMeta, dtype);
  };
  return {"LTX-2 VAE",    path, config.geometry(), at::kBFloat16,
          files_of(path), load, without_weights};
}

VaeSource dc_ae_source(const fs::path& path, const model::DcAeConfig& config) {
  const auto load = [path, config](c10::Device device, c10::ScalarType dtype) {
    const TensorMap tensors = dc_ae_public_names(read_tensors(path), path.string());
    return model::make_video_vae(model::build_dc_ae(config, tensors, path.string(), device, dtype),
                                 device, dtype);
  };
  return {"DC-AE",        path, config.geometry(),           at::kBFloat16,
          files_of(path), load, on_meta<model::DcAe>(config)};
}

VaeSource dc_ae_video_source(const fs::path& path, const model::DcAeVideoConfig& config) {
  const auto load = [path, config](c10::Device device, c10::ScalarType dtype) {
    return model::make_video_vae(
        model::build_dc_ae_video(config, read_tensors(path), path.string(), device, dtype), device,
        dtype);
  };
  return {"DC-AE-V",
          path,
          config.geometry(),
          at::kBFloat16,
          files_of(path),
          load,
          on_meta<model::DcAeVideo>(config)};
}

// A folder written by `sana-video train`.
VaeSource trained_source(const fs::path& path) {
  const auto load = [path](c10::Device device, c10::ScalarType dtype) {
    return model::make_video_vae(load_wan_vae(path), device, dtype);
  };
  const model::WanVaeConfig config = read_wan_vae_config(path);
  return {"Wan VAE",
          path,
          config.geometry(),
          at::kFloat,
          {path / kWanVaeFile, path / kWanVaeWeights},
          load,
          on_meta<model::WanVae>(config)};
}

// Weights at `path` with the config.json of a public class.
VaeSource public_source(const fs::path& path, const nlohmann::json& json,
                        const std::string& where) {
  const auto name = JsonObject(json, where).optional<std::string>("_class_name").value_or("");
  if (name == "AutoencoderKLWan") {
    return wan_source(path, wan_vae_config_from_diffusers(json, where));
  }
  if (name == "AutoencoderKLLTX2Video") {
    return ltx2_source(path, ltx2_vae_config_from_diffusers(json, where));
  }
  if (name == "AutoencoderDC") {
    return dc_ae_source(path, dc_ae_config_from_diffusers(json, where));
  }
  throw UserError(fmt::format(
      "'{}': the VAE '{}' is not known; known are AutoencoderKLWan, AutoencoderKLLTX2Video and "
      "AutoencoderDC",
      where, name));
}

// A folder with such a file; `path`: it, or the weights in it.
VaeSource public_source(const fs::path& folder, const fs::path& path) {
  const fs::path file = folder / kConfigFile;
  VaeSource source = public_source(path, read_json_file(file, kMaxConfigBytes), file.string());
  source.files.push_back(file);
  return source;
}

// Weights without a configuration, recognised by their names: the public sizes.
VaeSource bare_source(const fs::path& path) {
  const TensorMap tensors = read_tensors(path);
  if (is_original_wan_vae(tensors)) {
    return wan_source(path, wan21_vae_public_config());
  }
  if (is_original_ltx2_vae(tensors)) {
    return ltx2_source(path, ltx2_vae_public_config());
  }
  if (tensors.count("encoder.project_in.conv.conv.weight") != 0) {
    return dc_ae_video_source(path, dc_ae_video_config_from_weights(tensors, path.string()));
  }
  throw UserError(
      fmt::format("'{}': these are not the tensors of a VAE that is known without its config.json "
                  "(Wan2.1_VAE.pth, the LTX-2 checkpoint, DC-AE-V)",
                  path.string()));
}

// Whether the config.json there is one of a VAE's class.
bool has_public_config(const fs::path& folder) {
  const fs::path file = folder / kConfigFile;
  if (!fs::exists(file)) return false;
  const nlohmann::json json = read_json_file(file, kMaxConfigBytes);
  const auto name = JsonObject(json, file.string()).optional<std::string>("_class_name");
  return name && name->starts_with("Autoencoder");
}

VaeSource source_at(const fs::path& path) {
  if (!fs::is_directory(path)) {
    // The weights in such a folder stand for it.
    const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
    if (path.filename() == kWanVaeWeights && fs::exists(folder / kWanVaeFile)) {
      return trained_source(folder);
    }
    if (!is_torch_file_name(path) && has_public_config(folder)) return public_source(folder, path);
    return bare_source(path);
  }
  if (fs::exists(path / kWanVaeFile)) return trained_source(path);
  if (has_public_config(path)) return public_source(path, path);
  if (fs::is_directory(path / "vae")) return source_at(path / "vae");
  return fs::exists(path / kConfigFile) ? public_source(path, path) : bare_source(path);
}

}  // namespace

VaeSource find_vae(const fs::path& path, const VaeOptions& options) {
  require(fs::exists(path), "'{}': there is no VAE", path.string());
  VaeSource vae = source_at(resolve_checkpoint(path));
  if (!options.verifies) return vae;
  vae.load = [files = vae.files, load = std::move(vae.load)](c10::Device device,
                                                             c10::ScalarType dtype) {
    verify_files(files);
    return load(device, dtype);
  };
  return vae;
}

void copy_vae(const VaeSource& vae, const fs::path& folder) {
  fs::create_directories(folder);
  for (const fs::path& file : vae.files) copy_whole_file(file, folder / file.filename());
}

}  // namespace sana::checkpoints
