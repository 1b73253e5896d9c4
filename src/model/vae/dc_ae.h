// The deep-compression autoencoder for images (AutoencoderDC): every image, or frame of a video, by
// its own, 32 x 32 pixels to one latent. Deterministic, no posterior.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <string>

#include "core/safetensors.h"
#include "model/vae/dc_ae_coder.h"
#include "model/vae/dc_ae_config.h"
#include "model/vae/vae_adapter.h"

namespace sana::model {

// Parameter names and shapes are the public (diffusers) ones. Weights take no memory before
// build_dc_ae() or adopt_state_dict() sets them.
class DcAeImpl : public torch::nn::Module {
 public:
  static constexpr const char* kKind = "dc_ae";
  static constexpr FrameCoupling kFrameCoupling = FrameCoupling::kNone;

  explicit DcAeImpl(const DcAeConfig& config);

  // images [N, 3, H, W] in [-1, 1] -> latents [N, C, H/f, W/f], not normalised. H and W must be
  // multiples of f (32 with the public configurations).
  at::Tensor encode(const at::Tensor& images);
  // latents [N, C, h, w], not normalised -> images [N, 3, f*h, f*w], not clamped.
  at::Tensor decode(const at::Tensor& latents);

  // Normalised latents [B, C, T, h, w] in float32, and pixels of such, not clamped: frame
  // by frame. What VaeAdapter makes a VideoVae of.
  at::Tensor encode_normalized(const at::Tensor& video);
  at::Tensor decode_normalized(const at::Tensor& latents);

  const DcAeConfig& config() const { return config_; }

 private:
  DcAeConfig config_;
  DcAeEncoder encoder_{nullptr};
  DcAeDecoder decoder_{nullptr};
};
TORCH_MODULE(DcAe);

// A model with these weights (diffusers names). `what` names their source in errors. Throws
// UserError that lists all names that do not fit.
DcAe build_dc_ae(const DcAeConfig& config, const TensorMap& weights, const std::string& what,
                 c10::Device device = c10::kCPU, c10::ScalarType dtype = c10::kFloat);

}  // namespace sana::model
