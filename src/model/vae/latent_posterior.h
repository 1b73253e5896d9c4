// What an encoder of a VAE says about the latents of a clip.
#pragma once
#include <ATen/core/Tensor.h>

namespace sana::model {

// Mean and log-variance of the latent posterior, each [B, C, T, h, w], not normalised.
struct LatentPosterior {
  at::Tensor mean;
  at::Tensor logvar;  // clamped to [-30, 20]
};

}  // namespace sana::model
