// The deep-compression autoencoder for images (AutoencoderDC): every image, or frame of a video, by
// its own, 32 x 32 pixels to one latent. Deterministic, no posterior.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <filesystem>
#include <memory>
#include <string>

#include "core/safetensors.h"
#include "model/vae/dc_ae_coder.h"
#include "model/vae/dc_ae_config.h"
#include "model/vae/video_vae.h"

namespace sana::model {

// Parameter names and shapes are the public (diffusers) ones. Weights take no memory before
// load_dc_ae() or adopt_state_dict() sets them.
class DcAeImpl : public torch::nn::Module {
 public:
  explicit DcAeImpl(const DcAeConfig& config);

  // images [N, 3, H, W] in [-1, 1] -> latents [N, C, H/f, W/f], not normalised. H and W must be
  // multiples of f (32 with the public configurations).
  at::Tensor encode(const at::Tensor& images);
  // latents [N, C, h, w], not normalised -> images [N, 3, f*h, f*w], not clamped.
  at::Tensor decode(const at::Tensor& latents);

  const DcAeConfig& config() const { return config_; }

 private:
  DcAeConfig config_;
  DcAeEncoder encoder_{nullptr};
  DcAeDecoder decoder_{nullptr};
};
TORCH_MODULE(DcAe);

// A model with these weights, under public (diffusers) or original (efficientvit) names. `what`
// names their source in errors. Throws UserError that lists all names that do not fit.
DcAe load_dc_ae(const TensorMap& tensors, const DcAeConfig& config, const std::string& what,
                c10::Device device = c10::kCPU, c10::ScalarType dtype = c10::kFloat);
// The same from a folder with config.json and one .safetensors file (or its index).
DcAe load_dc_ae(const std::filesystem::path& directory, c10::Device device = c10::kCPU,
                c10::ScalarType dtype = c10::kFloat);

// Hash of configuration and weights.
std::string vae_identity(const DcAe& vae);

// The VideoVae of a DcAe: each frame by its own, one after the other, no gradients.
std::unique_ptr<VideoVae> make_video_vae(DcAe vae, c10::Device device, c10::ScalarType dtype);

}  // namespace sana::model
