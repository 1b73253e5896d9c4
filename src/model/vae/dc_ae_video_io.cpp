// Weights of the deep-compression autoencoder for video and its face towards the rest of the
// program.
#include <ATen/ATen.h>

#include "core/config/json.h"
#include "model/state_dict.h"
#include "model/vae/dc_ae_video.h"
#include "model/vae/vae_identity.h"

namespace sana::model {
namespace {

class ChunkedDcAeVideo : public VideoVae {
 public:
  ChunkedDcAeVideo(DcAeVideo vae, at::Device device, at::ScalarType dtype) : vae_(std::move(vae)) {
    vae_->to(device, dtype);
    vae_->eval();
  }

  VaeGeometry geometry() const override { return vae_->config().geometry(); }

  at::Tensor encode(const at::Tensor& video) override {
    at::NoGradGuard no_grad;
    return vae_->normalize(vae_->encode(video).to(at::kFloat));
  }

  at::Tensor decode(const at::Tensor& latents) override {
    at::NoGradGuard no_grad;
    const at::Tensor z = vae_->denormalize(latents.to(at::kFloat));
    return vae_->decode(z).clamp(-1.0, 1.0).to(at::kFloat);
  }

  std::string identity() const override {
    if (identity_.empty()) identity_ = vae_identity(vae_);
    return identity_;
  }

 private:
  mutable DcAeVideo vae_;
  mutable std::string identity_;
};

}  // namespace

DcAeVideo load_dc_ae_video(const TensorMap& tensors, const DcAeVideoConfig& config,
                           const std::string& what, c10::Device device, c10::ScalarType dtype) {
  DcAeVideo vae(config);
  adopt_state_dict(*vae, tensors, device, dtype, what);
  return vae;
}

std::string vae_identity(const DcAeVideo& vae) {
  return module_identity("dc_ae_video", config::to_json(vae->config()).dump(), *vae);
}

std::unique_ptr<VideoVae> make_video_vae(DcAeVideo vae, c10::Device device, c10::ScalarType dtype) {
  return std::make_unique<ChunkedDcAeVideo>(std::move(vae), device, dtype);
}

}  // namespace sana::model
