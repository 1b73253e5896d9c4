#include "model/vae/decode_fallback.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/device.h"
#include "core/error.h"
#include "model/vae/tiled_vae.h"

namespace sana::model {
namespace {

constexpr int64_t kSmallestLatents = 4;  // of a tile, each way

// Sizes of one tile in pixels and frames, whatever the tiling leaves open filled in.
struct TileSize {
  int64_t frames = 0, height = 0, width = 0;
  std::string text() const {
    return fmt::format("{} frames of {}x{} pixels", frames, height, width);
  }
};

TileSize tile_size(const VideoVae& vae, const at::Tensor& latents, const TilingConfig& tiling) {
  const VaeGeometry geometry = vae.geometry();
  const auto smaller = [](int64_t whole, const std::optional<int64_t>& tile) {
    return std::min(whole, tile.value_or(whole));
  };
  TileSize size;
  size.frames = geometry.frames(latents.size(2));
  if (vae.frame_coupling() != FrameCoupling::kStreamed) {
    size.frames = smaller(size.frames, tiling.tile_frames);
  }
  size.height = smaller(latents.size(3) * geometry.stride_h, tiling.tile_height);
  size.width = smaller(latents.size(4) * geometry.stride_w, tiling.tile_width);
  return size;
}

// Half of `size` in whole latents, or nothing when that is below `smallest` or no smaller.
std::optional<int64_t> halved(int64_t size, int64_t stride, int64_t smallest) {
  const int64_t half = (size / 2 + stride - 1) / stride * stride;
  if (half < smallest || half >= size) return std::nullopt;
  return half;
}

bool halve_picture(const VideoVae& vae, const TileSize& size, TilingConfig& tiling) {
  const VaeGeometry geometry = vae.geometry();
  const auto half = [&](int64_t pixels, int64_t stride) {
    return halved(pixels, stride, std::max(2 * tiling.overlap, kSmallestLatents * stride));
  };
  const auto height = half(size.height, geometry.stride_h);
  const auto width = half(size.width, geometry.stride_w);
  if (height && (size.height >= size.width || !width)) {
    tiling.tile_height = height;
  } else if (width) {
    tiling.tile_width = width;
  } else {
    return false;
  }
  return true;
}

bool halve_frames(const VideoVae& vae, const TileSize& size, TilingConfig& tiling) {
  const int64_t stride = vae.geometry().stride_t;
  const FrameCoupling coupling = vae.frame_coupling();
  if (coupling == FrameCoupling::kStreamed) return false;
  const bool window = coupling == FrameCoupling::kWindow;
  const auto half =
      halved(size.frames, stride,
             window ? std::max(2 * tiling.overlap_frames, kSmallestLatents * stride) : 1);
  if (half) tiling.tile_frames = half;
  return half.has_value();
}

// The next smaller tiling, or false.
bool halve(const VideoVae& vae, const TileSize& size, TilingConfig& tiling) {
  if (vae.frame_coupling() == FrameCoupling::kNone && halve_frames(vae, size, tiling)) return true;
  return halve_picture(vae, size, tiling) || halve_frames(vae, size, tiling);
}

}  // namespace

at::Tensor decode_with_fallback(VideoVae& vae, const at::Tensor& latents, TilingConfig tiling,
                                const std::function<void(const std::string&)>& warn) {
  for (;;) {
    try {
      return decode_tiled(vae, latents, tiling);
    } catch (const c10::OutOfMemoryError&) {
      // Everything below waits until the tensors of the failed attempt are gone.
    }
    release_cached_device_memory();
    const TileSize failed = tile_size(vae, latents, tiling);
    if (!halve(vae, failed, tiling)) {
      throw EnvironmentError(
          fmt::format("decoding ran out of GPU memory even in tiles of {}; end other programs that "
                      "use the GPU, ask for fewer frames or a smaller picture, use --dtype "
                      "bfloat16, or decode with --device cpu",
                      failed.text()));
    }
    warn(fmt::format("decoding ran out of GPU memory in tiles of {}; trying again with {}",
                     failed.text(), tile_size(vae, latents, tiling).text()));
  }
}

}  // namespace sana::model
