// Sizes of the deep-compression autoencoder for video (DC-AE-V, "st-dc-ae-f32t4c32").
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/config/checks.h"
#include "core/config/problems.h"
#include "model/vae/video_vae.h"

namespace sana::model {

// Defaults are the public st-dc-ae-f32t4c32-chunk40 (2,138,635,436 parameters). Stage 0 of the
// original is always empty and not listed: widths and depths begin at stage 1, whose rows and
// columns are half of the video's. Every further stage halves them again, but for the last, which
// has a quarter of the frames instead.
struct DcAeVideoConfig {
  int64_t in_channels = 3;
  int64_t latent_channels = 32;
  std::vector<int64_t> widths = {256, 512, 512, 1024, 1024, 1024};
  std::vector<int64_t> depths = {5, 10, 4, 4, 4, 4};  // residual blocks per stage
  int64_t chunk_frames = 40;                          // frames that see each other
  std::vector<double> scaling_factor = {0.8018};      // of all channels, or one for each

  VaeGeometry geometry() const;

  template <class Binder>
  void bind(Binder& b) {
    using config::between;
    b.field("in_channels", in_channels, "Channels of videos.", between<int64_t>(1, 1 << 10));
    b.field("latent_channels", latent_channels, "Channels of latents.",
            between<int64_t>(1, 1 << 16));
    b.field("widths", widths, "Channels of each stage, finest first.");
    b.field("depths", depths, "Residual blocks of each stage.");
    b.field("chunk_frames", chunk_frames, "Frames of a chunk; a multiple of 4.",
            between<int64_t>(4, 1 << 20));
    b.field("scaling_factor", scaling_factor,
            "Latents times this have unit variance: one number, or one per channel.");
  }
  void validate(config::Problems& problems) const;
};

}  // namespace sana::model
