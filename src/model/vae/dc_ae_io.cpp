// Files of a deep-compression autoencoder and its face towards the rest of the program.
#include <ATen/ATen.h>

#include "core/config/json.h"
#include "core/error.h"
#include "core/files.h"
#include "core/shape.h"
#include "model/state_dict.h"
#include "model/vae/dc_ae.h"
#include "model/vae/vae_identity.h"
#include "model/weights/dc_ae_names.h"

namespace sana::model {
namespace {

class FramewiseDcAe : public VideoVae {
 public:
  FramewiseDcAe(DcAe vae, at::Device device, at::ScalarType dtype) : vae_(std::move(vae)) {
    vae_->to(device, dtype);
    vae_->eval();
  }

  VaeGeometry geometry() const override { return vae_->config().geometry(); }
  FrameCoupling frame_coupling() const override { return FrameCoupling::kNone; }

  at::Tensor encode(const at::Tensor& video) override {
    check_shape("dc_ae: video", video,
                {{"B"}, {"C", vae_->config().in_channels}, {"F"}, {"H"}, {"W"}});
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> latents;
    for (const at::Tensor& frame : video.unbind(2)) {
      latents.push_back(vae_->encode(frame).to(at::kFloat) * vae_->config().scaling_factor);
    }
    return at::stack(latents, 2);
  }

  at::Tensor decode(const at::Tensor& latents) override {
    check_shape("dc_ae: latents", latents,
                {{"B"}, {"C", vae_->config().latent_channels}, {"T"}, {"h"}, {"w"}});
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> frames;
    for (const at::Tensor& z : latents.unbind(2)) {
      frames.push_back(
          vae_->decode(z / vae_->config().scaling_factor).clamp(-1.0, 1.0).to(at::kFloat));
    }
    return at::stack(frames, 2);
  }

  std::string identity() const override {
    if (identity_.empty()) identity_ = vae_identity(vae_);
    return identity_;
  }

 private:
  mutable DcAe vae_;
  mutable std::string identity_;
};

}  // namespace

std::string vae_identity(const DcAe& vae) {
  return module_identity("dc_ae", config::to_json(vae->config()).dump(), *vae);
}

DcAe load_dc_ae(const TensorMap& tensors, const DcAeConfig& config, const std::string& what,
                c10::Device device, c10::ScalarType dtype) {
  DcAe vae(config);
  adopt_state_dict(*vae,
                   has_original_dc_ae_names(tensors) ? dc_ae_from_original(tensors, what) : tensors,
                   device, dtype, what);
  return vae;
}

DcAe load_dc_ae(const std::filesystem::path& directory, c10::Device device, c10::ScalarType dtype) {
  const auto file = directory / "config.json";
  require(std::filesystem::is_regular_file(file),
          "{}: no config.json there; give the vae folder of a diffusers checkpoint",
          directory.string());
  const auto json = nlohmann::json::parse(read_text_file(file), nullptr, false);
  require(!json.is_discarded(), "{}: not JSON", file.string());
  return load_dc_ae(load_safetensors(directory), dc_ae_config_from_diffusers(json, file.string()),
                    directory.string(), device, dtype);
}

std::unique_ptr<VideoVae> make_video_vae(DcAe vae, c10::Device device, c10::ScalarType dtype) {
  return std::make_unique<FramewiseDcAe>(std::move(vae), device, dtype);
}

}  // namespace sana::model
