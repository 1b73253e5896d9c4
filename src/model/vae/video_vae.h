// What the rest of the program needs of a video VAE, whatever its architecture.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace sana::model {

// Size relation between pixels and latents. With a lone first frame F frames become
// 1 + (F-1)/stride_t latent frames, else F/stride_t.
struct VaeGeometry {
  int64_t stride_t = 4;
  int64_t stride_h = 8;
  int64_t stride_w = 8;
  int64_t latent_channels = 16;
  bool first_frame_alone = true;

  // Whether a clip may have that many frames: stride_t * k + 1, or stride_t * k with k >= 1.
  bool accepts(int64_t frames) const {
    return frames >= 1 && (frames - lone_frames()) % stride_t == 0;
  }
  // ceil(frames / stride_t) with either rule; also of a lone image.
  int64_t latent_frames(int64_t frames) const { return 1 + (frames - 1) / stride_t; }
  int64_t frames(int64_t latent_frames) const {
    return lone_frames() + (latent_frames - lone_frames()) * stride_t;
  }
  // The most frames it accepts that are no more than `frames`; 0 if there are none.
  int64_t accepted_up_to(int64_t frames) const {
    while (frames > 0 && !accepts(frames)) --frames;
    return frames;
  }
  int64_t lone_frames() const { return first_frame_alone ? 1 : 0; }
};

// Throws UserError unless the geometry accepts that many frames; the message names the neighbours:
// "clip length is 80 frames, must be 4k+1 for this VAE; nearest are 77 and 81".
void check_frame_count(const std::string& what, int64_t frames, const VaeGeometry& geometry);

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
