// The network that a sampler asks for velocities, whatever its architecture.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

#include "model/sana_image.h"
#include "model/sana_video.h"

namespace sana::infer {

struct Denoiser {
  // Velocity of the flow: latents [B, C, T, h, w], timestep [B] or [B, T], text [B, L, E], mask
  // [B, L] -> [B, C, T, h, w].
  std::function<at::Tensor(const at::Tensor& latents, const at::Tensor& timestep,
                           const at::Tensor& text, const at::Tensor& text_mask)>
      velocity;
  int64_t latent_channels = 0;
};

Denoiser denoiser_of(model::SanaVideo model);
// T must be 1.
Denoiser denoiser_of(model::SanaImage model);

}  // namespace sana::infer
