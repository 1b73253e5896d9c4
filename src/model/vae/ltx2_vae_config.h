// Sizes and variant of the LTX-2 video VAE, under the names of its public config.json.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config/checks.h"
#include "core/config/problems.h"
#include "model/vae/video_vae.h"

namespace sana::model {

// Defaults are those of the public class AutoencoderKLLTX2Video, which apply where config.json has
// no such key. They are not quite the public checkpoint: see checkpoints/public/ltx2_vae_public.h.
//
// Lists of the encoder run from pixels to latents. So do those of the decoder (block i of n takes
// entry n - 1 - i), but for upsample_type, whose entries are in the order of its blocks.
struct Ltx2VaeConfig {
  int64_t in_channels = 3;
  int64_t out_channels = 3;
  int64_t latent_channels = 128;
  std::vector<int64_t> block_out_channels = {256, 512, 1024, 2048};
  std::vector<std::string> down_block_types = std::vector<std::string>(4, "LTX2VideoDownBlock3D");
  std::vector<int64_t> decoder_block_out_channels = {256, 512, 1024};
  std::vector<int64_t> layers_per_block = {4, 6, 6, 2, 2};       // last: middle block
  std::vector<int64_t> decoder_layers_per_block = {5, 5, 5, 5};  // last: middle block
  std::vector<bool> spatio_temporal_scaling = {true, true, true, true};
  std::vector<bool> decoder_spatio_temporal_scaling = {true, true, true};
  std::vector<bool> decoder_inject_noise = {false, false, false, false};
  std::vector<std::string> downsample_type = {"spatial", "temporal", "spatiotemporal",
                                              "spatiotemporal"};
  std::vector<std::string> upsample_type = {"spatiotemporal", "spatiotemporal", "spatiotemporal"};
  std::vector<bool> upsample_residual = {true, true, true};
  std::vector<int64_t> upsample_factor = {2, 2, 2};
  bool timestep_conditioning = false;
  int64_t patch_size = 4;
  int64_t patch_size_t = 1;
  double resnet_norm_eps = 1e-6;
  double scaling_factor = 1.0;
  bool encoder_causal = true;
  bool decoder_causal = true;
  std::string encoder_spatial_padding_mode = "zeros";
  std::string decoder_spatial_padding_mode = "reflect";
  std::optional<int64_t> spatial_compression_ratio;   // what the layers give, where it is written
  std::optional<int64_t> temporal_compression_ratio;  // the same

  // Sizes that follow from the layers of the encoder.
  VaeGeometry geometry() const;

  template <class Binder>
  void bind(Binder& b) {
    bind_encoder(b);
    bind_decoder(b);
    b.field("latent_channels", latent_channels, "Channels of the latents.", channels());
    b.field("patch_size", patch_size, "Pixels of a patch, each way.",
            config::between<int64_t>(1, 64));
    b.field("patch_size_t", patch_size_t, "Frames of a patch.", config::between<int64_t>(1, 1));
    b.field("resnet_norm_eps", resnet_norm_eps, "Of the layer norm of projected shortcuts.",
            config::at_least(0.0));
    b.field("scaling_factor", scaling_factor, "Scale of latents; 1 in every public checkpoint.",
            config::between(1.0, 1.0));
    b.field("spatial_compression_ratio", spatial_compression_ratio, "Pixels per latent.",
            config::at_least<int64_t>(1));
    b.field("temporal_compression_ratio", temporal_compression_ratio, "Frames per latent frame.",
            config::at_least<int64_t>(1));
  }

  // Lists long enough, channels that fit from block to block, and no variant that is not computed.
  void validate(config::Problems& problems) const;

 private:
  static config::Between<int64_t> channels() { return config::between<int64_t>(1, 65536); }

  template <class Binder>
  void bind_encoder(Binder& b) {
    b.field("in_channels", in_channels, "Channels of pixels.", channels());
    b.field("block_out_channels", block_out_channels, "Channels after each block of the encoder.",
            channels());
    b.field("down_block_types", down_block_types, "Class of each block of the encoder.",
            config::one_of({"LTX2VideoDownBlock3D"}));
    b.field("layers_per_block", layers_per_block, "Residual blocks of each block of the encoder.",
            config::between<int64_t>(0, 64));
    b.field("spatio_temporal_scaling", spatio_temporal_scaling, "Whether a block downsamples.");
    b.field("downsample_type", downsample_type, "How each block of the encoder downsamples.",
            config::one_of({"conv", "spatial", "temporal", "spatiotemporal"}));
    b.field("encoder_causal", encoder_causal, "Whether frames see earlier frames only.");
    b.field("encoder_spatial_padding_mode", encoder_spatial_padding_mode,
            "What convolutions see beyond the borders.",
            config::one_of({"zeros", "reflect", "replicate"}));
  }

  template <class Binder>
  void bind_decoder(Binder& b) {
    b.field("out_channels", out_channels, "Channels of pixels.", channels());
    b.field("decoder_block_out_channels", decoder_block_out_channels,
            "Channels of each block of the decoder, times its upsample_factor.", channels());
    b.field("decoder_layers_per_block", decoder_layers_per_block,
            "Residual blocks of each block of the decoder.", config::between<int64_t>(0, 64));
    b.field("decoder_spatio_temporal_scaling", decoder_spatio_temporal_scaling,
            "Whether a block upsamples.");
    b.field("decoder_inject_noise", decoder_inject_noise, "Noise between layers: not computed.");
    b.field("upsample_type", upsample_type, "How each block of the decoder upsamples.",
            config::one_of({"spatial", "temporal", "spatiotemporal"}));
    b.field("upsample_residual", upsample_residual, "Whether an upsampler also copies its input.");
    b.field("upsample_factor", upsample_factor, "By what an upsampler divides the channels.",
            config::between<int64_t>(1, 8));
    b.field("timestep_conditioning", timestep_conditioning,
            "Decoder sees a timestep: not computed.");
    b.field("decoder_causal", decoder_causal, "Whether frames see earlier frames only.");
    b.field("decoder_spatial_padding_mode", decoder_spatial_padding_mode,
            "What convolutions see beyond the borders.",
            config::one_of({"zeros", "reflect", "replicate"}));
  }
};

// Frames, rows and columns that a down- or upsampling block of this type merges or makes.
struct Ltx2Stride {
  int64_t t = 1, h = 1, w = 1;
  int64_t volume() const { return t * h * w; }
};
Ltx2Stride ltx2_stride(const std::string& type);

// Throws UserError when encoder and decoder disagree about sizes, or the ratios that config.json
// states about the layers.
void check_halves_agree(const Ltx2VaeConfig& config);

}  // namespace sana::model
