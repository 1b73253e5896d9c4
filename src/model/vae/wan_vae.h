// The causal 3-D VAE of Wan 2.1: 4x8x8 compression, first frame on its own.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <string>
#include <vector>

#include "core/config/checks.h"
#include "core/safetensors.h"
#include "model/vae/latent_posterior.h"
#include "model/vae/vae_adapter.h"
#include "model/vae/video_vae.h"
#include "model/vae/wan_coder.h"

namespace sana::model {

// Defaults are the public Wan 2.1 VAE (126,892,531 parameters).
struct WanVaeConfig {
  int64_t base_dim = 96;
  int64_t latent_channels = 16;
  std::vector<int64_t> dim_mult = {1, 2, 4, 4};
  int64_t num_res_blocks = 2;
  std::vector<bool> temporal_downsample = {false, true, true};
  std::vector<double> latents_mean;  // one per latent channel; empty: zeros
  std::vector<double> latents_std;   // one per latent channel; empty: ones

  VaeGeometry geometry() const;

  template <class Binder>
  void bind(Binder& b) {
    using config::between;  // many times what any model has
    b.field("base_dim", base_dim, "Channels of the first level.", between<int64_t>(1, 4096));
    b.field("latent_channels", latent_channels, "Channels of the latents.",
            between<int64_t>(1, 4096));
    b.field("dim_mult", dim_mult,
            "Channel multiple of each level; each further level halves rows and columns.",
            between<int64_t>(1, 64));
    b.field("num_res_blocks", num_res_blocks, "Residual blocks per level of the encoder.",
            between<int64_t>(1, 100));
    b.field("temporal_downsample", temporal_downsample,
            "Which of the levels also halve the frames; one fewer than dim_mult.");
    b.field("latents_mean", latents_mean,
            "Mean of each latent channel; empty: 0 (measured after training).");
    b.field("latents_std", latents_std, "Standard deviation of each latent channel; empty: 1.");
  }

  template <class Problems>
  void validate(Problems& problems) const {
    if (dim_mult.empty()) problems.add("dim_mult", "must not be empty");
    if (dim_mult.size() > 8) {
      problems.add("dim_mult", fmt::format("may have at most 8 levels, has {}", dim_mult.size()));
    }
    if (temporal_downsample.size() + 1 != dim_mult.size()) {
      problems.add(
          "temporal_downsample",
          fmt::format("needs {} entries (one fewer than dim_mult), has {}",
                      dim_mult.empty() ? 0 : dim_mult.size() - 1, temporal_downsample.size()));
    }
    for (const auto* list : {&latents_mean, &latents_std}) {
      if (!list->empty() && list->size() != size_t(latent_channels)) {
        problems.add(list == &latents_mean ? "latents_mean" : "latents_std",
                     fmt::format("needs {} entries (latent_channels), has {}", latent_channels,
                                 list->size()));
      }
    }
  }
};

// Parameter names and shapes are the public (diffusers) ones.
class WanVaeImpl : public torch::nn::Module {
 public:
  static constexpr const char* kKind = "wan_vae";
  static constexpr FrameCoupling kFrameCoupling = FrameCoupling::kStreamed;

  explicit WanVaeImpl(const WanVaeConfig& config);

  // Whole clip at once, with gradients (training).  video [B, 3, F, H, W] in [-1, 1], F = 4k+1.
  LatentPosterior encode_whole(const at::Tensor& video);
  // latents [B, C, T, h, w], not normalised -> [B, 3, F, H, W], not clamped.
  at::Tensor decode_whole(const at::Tensor& latents);

  // The same results one latent frame at a time with cached features: memory does not grow with F.
  LatentPosterior encode_chunked(const at::Tensor& video);
  at::Tensor decode_chunked(const at::Tensor& latents);

  // (z - mean) / std per channel, and back.  [B, C, T, h, w]
  at::Tensor normalize(const at::Tensor& latents) const;
  at::Tensor denormalize(const at::Tensor& latents) const;

  // Normalised latents [B, C, T, h, w] in float32, and pixels of such, not clamped: in
  // chunks. What VaeAdapter makes a VideoVae of.
  at::Tensor encode_normalized(const at::Tensor& video);
  at::Tensor decode_normalized(const at::Tensor& latents);

  const WanVaeConfig& config() const { return config_; }
  // Latent statistics measured after training.
  void set_latent_statistics(std::vector<double> mean, std::vector<double> std);

 private:
  // Checks the shape; returns it in the dtype of the weights, channels last.
  at::Tensor check_video(const at::Tensor& video) const;
  LatentPosterior posterior(const at::Tensor& moments);

  WanVaeConfig config_;
  WanEncoder encoder_{nullptr};
  WanDecoder decoder_{nullptr};
  CausalConv3d quant_conv_{nullptr}, post_quant_conv_{nullptr};
};
TORCH_MODULE(WanVae);

// The VAE with these weights (diffusers names), which it shares as far as they are float32. `what`
// names their source in the UserError.
WanVae build_wan_vae(const WanVaeConfig& config, const TensorMap& weights, const std::string& what);
}  // namespace sana::model
