#include "checkpoints/wan_vae_file.h"

#include <ATen/ATen.h>

#include "checkpoints/weight_source.h"
#include "core/config/config.h"
#include "core/config/json.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "model/state_dict.h"

namespace sana::checkpoints {
namespace {

// Content of vae.json.
struct VaeFile {
  std::string model = "wan_vae";
  model::WanVaeConfig config;

  template <class Binder>
  void bind(Binder& b) {
    b.required("model", model, "Architecture.", config::one_of({"wan_vae"}));
    b.required("config", config, "Its sizes.");
  }
};

}  // namespace

model::WanVaeConfig read_wan_vae_config(const std::filesystem::path& directory) {
  require(std::filesystem::is_regular_file(directory / kWanVaeFile),
          "{}: no vae.json there; give a folder written by `sana-video train` with task: vae",
          directory.string());
  return config::load<VaeFile>({directory / kWanVaeFile, {}}).config;
}

model::WanVae load_wan_vae(const std::filesystem::path& directory) {
  const model::WanVaeConfig config = read_wan_vae_config(directory);
  const auto weights = directory / kWanVaeWeights;
  return model::build_wan_vae(config, load_all(open_weights(weights).tensors), weights.string());
}

void save_wan_vae(const std::filesystem::path& directory, const model::WanVae& vae,
                  c10::ScalarType dtype) {
  TensorMap tensors;
  for (const auto& [name, tensor] : model::state_dict(*vae)) {
    tensors.emplace(name, tensor.detach().to(at::kCPU, dtype));
  }
  save_safetensors(directory / kWanVaeWeights, tensors, {{"format", "pt"}});
  write_file_atomically(directory / kWanVaeFile,
                        dump_json(config::to_json(VaeFile{"wan_vae", vae->config()}), 2) + "\n");
}

}  // namespace sana::checkpoints
