// Any of the VAEs as the rest of the program sees it.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/clamp.h>

#include <memory>
#include <string>
#include <utility>

#include "core/config/json.h"
#include "core/json_dump.h"
#include "model/vae/vae_identity.h"
#include "model/vae/video_vae.h"

namespace sana::model {

// "<kind>:<hash of configuration and weights>" (as bfloat16, so that saving does not change it).
template <class Vae>
std::string vae_identity(const Vae& vae) {
  return module_identity(Vae::ContainedType::kKind, dump_json(config::to_json(vae->config())),
                         *vae);
}

// A module `Vae` with config().geometry(), kKind, kFrameCoupling, encode_normalized() and
// decode_normalized(), on one device in one dtype, without gradients.
template <class Vae>
class VaeAdapter : public VideoVae {
 public:
  VaeAdapter(Vae vae, at::Device device, at::ScalarType dtype)
      : vae_(std::move(vae)), device_(device) {
    vae_->to(device, dtype);
    vae_->eval();
  }

  VaeGeometry geometry() const override { return vae_->config().geometry(); }
  FrameCoupling frame_coupling() const override { return Vae::ContainedType::kFrameCoupling; }

  at::Tensor encode(const at::Tensor& video) override {
    const at::NoGradGuard no_grad;
    return vae_->encode_normalized(video.to(device_));
  }

  at::Tensor decode(const at::Tensor& latents) override {
    const at::NoGradGuard no_grad;
    return vae_->decode_normalized(latents.to(device_)).clamp(-1.0, 1.0).to(at::kFloat);
  }

  std::string identity() const override {
    if (identity_.empty()) identity_ = vae_identity(vae_);
    return identity_;
  }

 private:
  mutable Vae vae_;  // a holder, whose modules are not const when they are run
  at::Device device_;
  mutable std::string identity_;
};

template <class Vae>
std::unique_ptr<VideoVae> make_video_vae(Vae vae, at::Device device, at::ScalarType dtype) {
  return std::make_unique<VaeAdapter<Vae>>(std::move(vae), device, dtype);
}

}  // namespace sana::model
