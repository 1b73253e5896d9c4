// The video VAE of LTX-2 that SANA-Video 720p uses: 8x32x32 compression to 128 channels.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <memory>
#include <string>

#include "core/safetensors.h"
#include "model/vae/latent_posterior.h"
#include "model/vae/ltx2_coder.h"
#include "model/vae/vae_adapter.h"

namespace sana::model {

// Parameter names and shapes are the public (diffusers) ones; the statistics of the latents are the
// buffers latents_mean and latents_std [C]. Parameters are uninitialised until weights are loaded.
class Ltx2VaeImpl : public torch::nn::Module {
 public:
  static constexpr const char* kKind = "ltx2_vae";
  static constexpr FrameCoupling kFrameCoupling = FrameCoupling::kWindow;

  // `options`: dtype and device of the parameters; on the meta device nothing is allocated.
  explicit Ltx2VaeImpl(const Ltx2VaeConfig& config, const at::TensorOptions& options = {});

  // video [B, 3, F, H, W] in [-1, 1], F = stride_t * k + 1. The log-variance is one for all
  // channels of a position. No gradient.
  LatentPosterior encode(const at::Tensor& video);
  // latents [B, C, T, h, w], not normalised -> [B, 3, F, H, W], not clamped. No gradient. The whole
  // clip at once: the public implementation knows no other exact way.
  at::Tensor decode(const at::Tensor& latents);

  // (z - mean) / std per channel, and back, in float32.  [B, C, T, h, w]
  at::Tensor normalize(const at::Tensor& latents) const;
  at::Tensor denormalize(const at::Tensor& latents) const;

  // Normalised latents [B, C, T, h, w] in float32, and pixels of such, not clamped: whole
  // clips. What VaeAdapter makes a VideoVae of.
  at::Tensor encode_normalized(const at::Tensor& video);
  at::Tensor decode_normalized(const at::Tensor& latents);

  const Ltx2VaeConfig& config() const { return config_; }

 private:
  c10::ScalarType dtype() const;

  Ltx2VaeConfig config_;
  Ltx2Encoder encoder_{nullptr};
  Ltx2Decoder decoder_{nullptr};
  at::Tensor latents_mean_, latents_std_;
};
TORCH_MODULE(Ltx2Vae);

// The VAE with these weights (diffusers names), in one dtype on one device. Names and shapes are
// compared before anything of the model's size is allocated; `what` names their source in the
// UserError.
Ltx2Vae build_ltx2_vae(const Ltx2VaeConfig& config, const TensorMap& weights,
                       const std::string& what, const at::TensorOptions& options = {});

// In the memory layout that its convolutions are fastest in. Throws as check_halves_agree.
std::unique_ptr<VideoVae> make_video_vae(Ltx2Vae vae, c10::Device device, c10::ScalarType dtype);

}  // namespace sana::model
