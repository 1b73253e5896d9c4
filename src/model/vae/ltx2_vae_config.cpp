#include "model/vae/ltx2_vae_config.h"

#include <algorithm>

#include "core/error.h"

namespace sana::model {
namespace {

using config::Problems;

// Strides multiply over blocks; sixteen halvings are beyond any picture.
constexpr size_t kMaxBlocks = 16;

template <class List>
void need_entries(Problems& problems, const char* key, const List& list, size_t needed) {
  if (list.size() >= needed) return;
  problems.add(key, fmt::format("needs {} entries, has {}", needed, list.size()));
}

void validate_lists(const Ltx2VaeConfig& c, Problems& problems) {
  const size_t down = c.block_out_channels.size(), up = c.decoder_block_out_channels.size();
  for (const auto* list : {&c.block_out_channels, &c.decoder_block_out_channels}) {
    if (!list->empty() && list->size() <= kMaxBlocks) continue;
    problems.add(
        list == &c.block_out_channels ? "block_out_channels" : "decoder_block_out_channels",
        fmt::format("needs 1 to {} entries, has {}", kMaxBlocks, list->size()));
  }
  need_entries(problems, "down_block_types", c.down_block_types, down);
  need_entries(problems, "layers_per_block", c.layers_per_block, down + 1);
  need_entries(problems, "spatio_temporal_scaling", c.spatio_temporal_scaling, down);
  need_entries(problems, "downsample_type", c.downsample_type, down);
  need_entries(problems, "decoder_layers_per_block", c.decoder_layers_per_block, up + 1);
  need_entries(problems, "decoder_spatio_temporal_scaling", c.decoder_spatio_temporal_scaling, up);
  need_entries(problems, "upsample_type", c.upsample_type, up);
  need_entries(problems, "upsample_residual", c.upsample_residual, up);
  need_entries(problems, "upsample_factor", c.upsample_factor, up);
}

void validate_variant(const Ltx2VaeConfig& c, Problems& problems) {
  if (c.timestep_conditioning) {
    problems.add("timestep_conditioning", "is true; only decoders without a timestep are computed");
  }
  if (std::find(c.decoder_inject_noise.begin(), c.decoder_inject_noise.end(), true) !=
      c.decoder_inject_noise.end()) {
    problems.add("decoder_inject_noise", "has true; decoders that inject noise are not computed");
  }
}

void validate_encoder_channels(const Ltx2VaeConfig& c, Problems& problems) {
  int64_t in = c.latent_channels;
  for (size_t i = 0; i < c.block_out_channels.size(); ++i) {
    const int64_t out = c.block_out_channels[i];
    const bool regroups = c.spatio_temporal_scaling[i] && c.downsample_type[i] != "conv";
    const int64_t volume = ltx2_stride(c.downsample_type[i]).volume();
    if (!regroups && in != out) {
      problems.add("block_out_channels", fmt::format("block {} cannot turn {} channels into {} "
                                                     "without a regrouping downsampler",
                                                     i, in, out));
    } else if (regroups && (out % volume != 0 || in * volume % out != 0)) {
      problems.add(
          "block_out_channels",
          fmt::format("block {} cannot regroup {} channels times {} into {}", i, in, volume, out));
    }
    in = out;
  }
}

void validate_decoder_channels(const Ltx2VaeConfig& c, Problems& problems) {
  const size_t blocks = c.decoder_block_out_channels.size();
  int64_t in = c.decoder_block_out_channels.back();
  for (size_t i = 0; i < blocks; ++i) {
    const size_t entry = blocks - 1 - i;
    const int64_t factor = c.upsample_factor[entry], width = c.decoder_block_out_channels[entry];
    const int64_t volume = ltx2_stride(c.upsample_type[i]).volume();
    const bool scales = c.decoder_spatio_temporal_scaling[entry];
    // Only a block that divides by one projects its input first, and one that does not upsample
    // cannot divide.
    bool fits = width % factor == 0 && (in == width || factor == 1) && (scales || factor == 1);
    if (scales) fits = fits && width * volume % factor == 0;
    if (scales && c.upsample_residual[entry]) {
      fits = fits && width % volume == 0 && volume % factor == 0;
    }
    if (!fits) {
      problems.add("decoder_block_out_channels",
                   fmt::format("block {} cannot turn {} channels into {} with upsample_factor {}",
                               i, in, width, factor));
    }
    in = width / factor;
  }
}

// The strides of the decoder's layers.
VaeGeometry decoder_geometry(const Ltx2VaeConfig& config) {
  VaeGeometry geometry{config.patch_size_t, config.patch_size, config.patch_size,
                       config.latent_channels};
  const auto& scaling = config.decoder_spatio_temporal_scaling;
  for (size_t i = 0; i < config.decoder_block_out_channels.size(); ++i) {
    if (!scaling[scaling.size() - 1 - i]) continue;
    const Ltx2Stride stride = ltx2_stride(config.upsample_type[i]);
    geometry.stride_t *= stride.t;
    geometry.stride_h *= stride.h;
    geometry.stride_w *= stride.w;
  }
  return geometry;
}

}  // namespace

Ltx2Stride ltx2_stride(const std::string& type) {
  if (type == "spatial") return {1, 2, 2};
  if (type == "temporal") return {2, 1, 1};
  return {2, 2, 2};
}

VaeGeometry Ltx2VaeConfig::geometry() const {
  VaeGeometry geometry{patch_size_t, patch_size, patch_size, latent_channels};
  for (size_t i = 0; i < block_out_channels.size(); ++i) {
    if (!spatio_temporal_scaling[i]) continue;
    const Ltx2Stride stride = ltx2_stride(downsample_type[i]);
    geometry.stride_t *= stride.t;
    geometry.stride_h *= stride.h;
    geometry.stride_w *= stride.w;
  }
  return geometry;
}

void Ltx2VaeConfig::validate(Problems& problems) const {
  validate_lists(*this, problems);
  validate_variant(*this, problems);
  if (!problems.empty()) return;
  validate_encoder_channels(*this, problems);
  validate_decoder_channels(*this, problems);
}

void check_halves_agree(const Ltx2VaeConfig& config) {
  const VaeGeometry down = config.geometry(), up = decoder_geometry(config);
  require(
      down.stride_t == up.stride_t && down.stride_h == up.stride_h &&
          down.stride_w == up.stride_w && config.in_channels == config.out_channels,
      "ltx2_vae: the encoder divides frames, rows and columns by {}, {}, {}, but the decoder "
      "multiplies them by {}, {}, {}; check downsample_type and upsample_type in its config.json",
      down.stride_t, down.stride_h, down.stride_w, up.stride_t, up.stride_h, up.stride_w);
  require(
      config.spatial_compression_ratio.value_or(down.stride_h) == down.stride_h &&
          config.temporal_compression_ratio.value_or(down.stride_t) == down.stride_t,
      "ltx2_vae: its config.json says {} pixels and {} frames per latent, its layers make {} and "
      "{}; correct spatial_compression_ratio and temporal_compression_ratio",
      config.spatial_compression_ratio.value_or(down.stride_h),
      config.temporal_compression_ratio.value_or(down.stride_t), down.stride_h, down.stride_t);
}

}  // namespace sana::model
