// What the rest of the program needs of a video VAE, whatever its architecture.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>

#include "core/geometry/vae_geometry.h"

namespace sana::model {

// How the frames of a clip depend on each other, for those who cut clips into pieces.
enum class FrameCoupling {
  kStreamed,  // takes whole clips at constant memory; pieces would gain nothing
  kWindow,    // a frame depends on those near it; pieces overlap and are blended
  kNone,      // every frame by itself; pieces give the same values
};

class VideoVae {
 public:
  virtual ~VideoVae() = default;
  virtual VaeGeometry geometry() const = 0;
  virtual FrameCoupling frame_coupling() const { return FrameCoupling::kStreamed; }

  // Pixels to normalised latents (posterior mean, (z - mean) / std per channel).
  //   video [B, 3, F, H, W] in [-1, 1], F as the geometry accepts -> [B, C, T, h, w]
  // No gradient.
  virtual at::Tensor encode(const at::Tensor& video) = 0;

  // Normalised latents [B, C, T, h, w] to pixels [B, 3, F, H, W] in [-1, 1]. No gradient.
  virtual at::Tensor decode(const at::Tensor& latents) = 0;

  // Hash of the weights and configuration; caches record it.
  virtual std::string identity() const = 0;
};

}  // namespace sana::model
