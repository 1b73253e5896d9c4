// Files of a VAE (vae.json, vae.safetensors) and its face towards the rest of the program.
#include <ATen/ATen.h>

#include "core/config/config.h"
#include "core/config/json.h"
#include "core/device.h"
#include "core/error.h"
#include "core/files.h"
#include "model/parameter.h"
#include "model/state_dict.h"
#include "model/vae/vae_identity.h"
#include "model/vae/wan_vae.h"

namespace sana::model {
namespace {

// Content of vae.json.
struct VaeFile {
  std::string model = "wan_vae";
  WanVaeConfig config;

  template <class Binder>
  void bind(Binder& b) {
    b.required("model", model, "Architecture.", config::one_of({"wan_vae"}));
    b.required("config", config, "Its sizes.");
  }
};

class ChunkedWanVae : public VideoVae {
 public:
  ChunkedWanVae(WanVae vae, at::Device device, at::ScalarType dtype)
      : vae_(std::move(vae)), device_(device), dtype_(dtype) {
    vae_->to(device, dtype);
    vae_->eval();
  }

  VaeGeometry geometry() const override { return vae_->config().geometry(); }

  at::Tensor encode(const at::Tensor& video) override {
    at::NoGradGuard no_grad;
    const LatentPosterior posterior = vae_->encode_chunked(video.to(device_, dtype_));
    return vae_->normalize(posterior.mean.to(at::kFloat));
  }

  at::Tensor decode(const at::Tensor& latents) override {
    at::NoGradGuard no_grad;
    const at::Tensor z = vae_->denormalize(latents.to(device_, at::kFloat));
    return vae_->decode_chunked(z.to(dtype_)).clamp(-1.0, 1.0).to(at::kFloat);
  }

  std::string identity() const override {
    if (identity_.empty()) identity_ = vae_identity(vae_);
    return identity_;
  }

 private:
  mutable WanVae vae_;
  at::Device device_;
  at::ScalarType dtype_;
  mutable std::string identity_;
};

}  // namespace

std::string vae_identity(const WanVae& vae) {
  return module_identity("wan_vae", config::to_json(vae->config()).dump(), *vae);
}

WanVaeConfig read_wan_vae_config(const std::filesystem::path& directory) {
  require(std::filesystem::is_regular_file(directory / "vae.json"),
          "{}: no vae.json there; give a folder written by `sana-video train` with task: vae",
          directory.string());
  return config::load<VaeFile>({directory / "vae.json", {}}).config;
}

WanVae build_wan_vae(const WanVaeConfig& config, const TensorMap& weights,
                     const std::string& what) {
  WanVae vae{nullptr};
  {
    const UnfilledParameters unfilled;
    vae = WanVae(config);
  }
  adopt_state_dict(*vae, weights, at::kCPU, at::kFloat, what);
  return vae;
}

WanVae load_wan_vae(const std::filesystem::path& directory) {
  const WanVaeConfig config = read_wan_vae_config(directory);
  const auto weights = directory / "vae.safetensors";
  return build_wan_vae(config, SafetensorsFile(weights).tensors(), weights.string());
}

void save_wan_vae(const std::filesystem::path& directory, const WanVae& vae,
                  c10::ScalarType dtype) {
  TensorMap tensors;
  for (const auto& [name, tensor] : state_dict(*vae)) {
    tensors.emplace(name, tensor.detach().to(at::kCPU, dtype));
  }
  save_safetensors(directory / "vae.safetensors", tensors, {{"format", "pt"}});
  write_file_atomically(directory / "vae.json",
                        config::to_json(VaeFile{"wan_vae", vae->config()}).dump(2) + "\n");
}

std::unique_ptr<VideoVae> make_video_vae(WanVae vae, c10::Device device, c10::ScalarType dtype) {
  return std::make_unique<ChunkedWanVae>(std::move(vae), device, dtype);
}

}  // namespace sana::model
