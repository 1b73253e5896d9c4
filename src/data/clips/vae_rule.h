// Which clips a VAE takes, as far as this folder, which knows no model, has to know.
#pragma once
#include <cstdint>
#include <string>

#include "data/batch.h"

namespace sana::data {

struct VaeRule {
  std::string vae = "VAE";        // what to call it: "LTX-2 VAE"
  int64_t temporal_stride = 4;    // frames of the clip for one of the latents
  bool first_frame_alone = true;  // the first latent frame stands for one frame
  int64_t spatial_stride = 8;     // rows and columns of the clip for one of the latents

  // stride * k + 1 frames, or stride * k; a picture, one frame, is taken in any case.
  bool accepts(int64_t frames) const;
  int64_t latent_frames(int64_t frames) const { return 1 + (frames - 1) / temporal_stride; }
  bool divides(int64_t height, int64_t width) const {
    return height % spatial_stride == 0 && width % spatial_stride == 0;
  }

  // "4k+1", "4k", "any number"
  std::string formula() const;
  // Nothing for a number that it accepts; else "must be 4k+1 for the Wan VAE (the first latent
  // frame stands for one frame, each further one for 4), got 80; nearest are 77 and 81".
  std::string complaint(int64_t frames) const;
  // The same of a whole clip: "its number of frames must be ...", "it is 90x160, must be multiples
  // of 8 for the Wan VAE".
  std::string complaint(const ClipSize& clip) const;
  // Of a number that it accepts: "81 = 4 x 20 + 1: the first latent frame stands for one frame,
  // each further one for 4 -> 21 latent frames".
  std::string explanation(int64_t frames) const;

 private:
  int64_t lone_frames() const { return first_frame_alone ? 1 : 0; }
  std::string words() const;
};

}  // namespace sana::data
