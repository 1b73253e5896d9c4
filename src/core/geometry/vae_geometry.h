// Size relation between the pixels of a clip and the latents of a VAE.
#pragma once
#include <cstdint>
#include <string>

#include "core/geometry/clip_size.h"

namespace sana {

// With a lone first frame F frames become 1 + (F-1)/stride_t latent frames, else F/stride_t.
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
  // Of a clip whose sides are multiples of the strides.
  LatentSize latent_size(const ClipSize& clip) const {
    return {latent_frames(clip.frames), clip.height / stride_h, clip.width / stride_w};
  }
  int64_t lone_frames() const { return first_frame_alone ? 1 : 0; }
};

// Throws UserError unless the geometry accepts that many frames; the message names the neighbours:
// "clip length is 80 frames, must be 4k+1 for this VAE; nearest are 77 and 81".
void check_frame_count(const std::string& what, int64_t frames, const VaeGeometry& geometry);

}  // namespace sana
