// Sizes of a deep-compression autoencoder for images (arXiv 2410.10733).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/config/checks.h"
#include "core/config/problems.h"
#include "model/vae/video_vae.h"

namespace sana::model {

// One resolution of the encoder or the decoder.
struct DcAeStage {
  std::string block = "ResBlock";  // or EfficientViTBlock
  int64_t width = 0;               // channels
  int64_t layers = 0;              // blocks; 0 only for the finest stage
  std::vector<int64_t> scales;     // EfficientViTBlock: kernels of the multi-scale branches
  std::string norm = "rms_norm";   // or batch_norm
  std::string activation = "silu";

  template <class Binder>
  void bind(Binder& b) {
    b.field("block", block, "Kind of block.", config::one_of({"ResBlock", "EfficientViTBlock"}));
    b.field("width", width, "Channels.", config::between<int64_t>(1, 1 << 16));
    b.field("layers", layers, "Blocks.", config::between<int64_t>(0, 1000));
    b.field("scales", scales, "Kernels of the multi-scale branches, odd.");
    b.field("norm", norm, "Normalisation.", config::one_of({"rms_norm", "batch_norm"}));
    b.field("activation", activation, "Nonlinearity of a ResBlock.",
            config::one_of({"silu", "swish", "mish", "gelu", "relu"}));
  }
  void validate(config::Problems& problems) const;
};

struct DcAeConfig {
  int64_t in_channels = 3;
  int64_t latent_channels = 32;
  int64_t head_dim = 32;
  std::vector<DcAeStage> encoder, decoder;  // finest first
  bool strided_downsampling = false;        // else pixels are unshuffled into channels
  bool interpolating_upsampling = false;    // else channels are shuffled into pixels
  bool encoder_out_shortcut = true;
  bool decoder_in_shortcut = true;
  std::string decoder_out_activation = "relu";
  double scaling_factor = 1.0;  // normalised latents are latents times this

  VaeGeometry geometry() const;

  template <class Binder>
  void bind(Binder& b) {
    using config::between;
    b.field("in_channels", in_channels, "Channels of images.", between<int64_t>(1, 1 << 10));
    b.field("latent_channels", latent_channels, "Channels of latents.",
            between<int64_t>(1, 1 << 16));
    b.field("head_dim", head_dim, "Channels of an attention head.", between<int64_t>(1, 1 << 16));
    b.field("encoder", encoder, "Stages of the encoder, finest first.");
    b.field("decoder", decoder, "Stages of the decoder, finest first.");
    b.field("strided_downsampling", strided_downsampling, "Strided convolutions, no unshuffling.");
    b.field("interpolating_upsampling", interpolating_upsampling, "Nearest pixels, no shuffling.");
    b.field("encoder_out_shortcut", encoder_out_shortcut, "Add channel means to the latents.");
    b.field("decoder_in_shortcut", decoder_in_shortcut, "Add repeated latents to the input.");
    b.field("decoder_out_activation", decoder_out_activation, "Before the last convolution.",
            config::one_of({"silu", "swish", "mish", "gelu", "relu"}));
    b.field("scaling_factor", scaling_factor, "Latents times this have unit variance.");
  }
  void validate(config::Problems& problems) const;
};

}  // namespace sana::model
