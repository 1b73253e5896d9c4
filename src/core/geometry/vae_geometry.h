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
  // The same, or a picture: every VAE encodes a single frame.
  bool accepts_sample(int64_t frames) const { return frames == 1 || accepts(frames); }
  // Whether rows and columns of pixels are multiples of the strides.
  bool divides(const ClipSize& clip) const {
    return clip.height % stride_h == 0 && clip.width % stride_w == 0;
  }

  // ceil(frames / stride_t) with either rule; also of a lone image.
  int64_t latent_frames(int64_t frames) const { return 1 + (frames - 1) / stride_t; }
  int64_t frames(int64_t latent_frames) const {
    return lone_frames() + (latent_frames - lone_frames()) * stride_t;
  }
  // Of a clip whose sides are multiples of the strides.
  LatentSize latent_size(const ClipSize& clip) const {
    return {latent_frames(clip.frames), clip.height / stride_h, clip.width / stride_w};
  }
  // The most frames it accepts that are no more than `frames`; 0 if there are none.
  int64_t accepted_up_to(int64_t frames) const {
    while (frames > 0 && !accepts(frames)) --frames;
    return frames;
  }
  int64_t lone_frames() const { return first_frame_alone ? 1 : 0; }

  // The rule in words. `vae` is what to call it: "LTX-2 VAE".

  // "4k+1", "4k", "any number"
  std::string formula() const;
  // "8", or "16 x 8" where rows and columns have different strides.
  std::string spatial_strides() const;
  // Nothing for a number of frames that accepts_sample takes; else "must be 4k+1 for the Wan VAE
  // (the first latent frame stands for one frame, each further one for 4), got 80; nearest are 77
  // and 81".
  std::string complaint(int64_t frames, const std::string& vae) const;
  // The same of a whole clip: "its number of frames must be ...", "it is 90x160, must be multiples
  // of 8 for the Wan VAE".
  std::string complaint(const ClipSize& clip, const std::string& vae) const;
  // Of a number that it accepts: "81 = 4 x 20 + 1: the first latent frame stands for one frame,
  // each further one for 4 -> 21 latent frames".
  std::string explanation(int64_t frames) const;
};

// Throws UserError unless the geometry accepts that many frames; the message names the neighbours:
// "clip length is 80 frames, must be 4k+1 for this VAE; nearest are 77 and 81".
void check_frame_count(const std::string& what, int64_t frames, const VaeGeometry& geometry);

}  // namespace sana
