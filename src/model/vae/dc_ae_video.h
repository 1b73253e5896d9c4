// The deep-compression autoencoder for video (DC-AE-V, "st-dc-ae-f32t4c32"): 4 x 32 x 32
// compression, no lone first frame, frames in chunks. Deterministic, no posterior.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <string>

#include "core/safetensors.h"
#include "model/vae/dc_ae_video_coder.h"
#include "model/vae/dc_ae_video_config.h"
#include "model/vae/vae_adapter.h"

namespace sana::model {

// Parameter names and shapes are those of the original checkpoint ("model_state_dict" of its .pt
// file). Weights take no memory before build_dc_ae_video() or adopt_state_dict() sets them.
class DcAeVideoImpl : public torch::nn::Module {
 public:
  static constexpr const char* kKind = "dc_ae_video";
  static constexpr FrameCoupling kFrameCoupling = FrameCoupling::kStreamed;

  explicit DcAeVideoImpl(const DcAeVideoConfig& config);

  // video [B, 3, F, H, W] in [-1, 1], F = 4T -> latents [B, C, T, H/f, W/f], not normalised. A lone
  // frame counts as four equal ones. Clips one by one, chunk by chunk with cached features: memory
  // does not grow with F.
  at::Tensor encode(const at::Tensor& video);
  // latents [B, C, T, h, w], not normalised -> video [B, 3, 4T, f*h, f*w], not clamped.
  at::Tensor decode(const at::Tensor& latents);

  // The same in one pass over all frames. Where F is a multiple of the chunk the results are equal;
  // else all frames see each other here, while encode() and decode() so treat only the rest behind
  // the last whole chunk.
  at::Tensor encode_whole(const at::Tensor& video);
  at::Tensor decode_whole(const at::Tensor& latents);

  // Latents times the scaling factor(s), and back.   [B, C, T, h, w]
  at::Tensor normalize(const at::Tensor& latents) const;
  at::Tensor denormalize(const at::Tensor& latents) const;

  // Normalised latents [B, C, T, h, w] in float32, and pixels of such, not clamped; what VaeAdapter
  // makes a VideoVae of.
  at::Tensor encode_normalized(const at::Tensor& video);
  at::Tensor decode_normalized(const at::Tensor& latents);

  const DcAeVideoConfig& config() const { return config_; }

 private:
  // Checks the shape; a lone frame becomes four.
  at::Tensor check_video(const at::Tensor& video) const;

  DcAeVideoConfig config_;
  DcAeVideoEncoder encoder_{nullptr};
  DcAeVideoDecoder decoder_{nullptr};
};
TORCH_MODULE(DcAeVideo);

// A model with these weights. `what` names their source in errors. Throws UserError that lists all
// names that do not fit.
DcAeVideo build_dc_ae_video(const DcAeVideoConfig& config, const TensorMap& weights,
                            const std::string& what, c10::Device device = c10::kCPU,
                            c10::ScalarType dtype = c10::kFloat);

}  // namespace sana::model
