#include "model/vae/tiled_vae.h"

#include <ATen/ATen.h>

#include <array>
#include <functional>
#include <utility>

#include "core/error.h"
#include "core/shape.h"
#include "model/vae/tile_plan.h"

namespace sana::model {
namespace {

constexpr int64_t kFirstAxis = 2;  // of [B, C, T, H, W]

using Spans = std::array<std::vector<TileSpan>, 3>;  // time, rows, columns
using Cuts = std::array<std::vector<TileCut>, 3>;
using Coder = std::function<at::Tensor(const at::Tensor&)>;

std::array<TileAxis, 3> axes_of(const VaeGeometry& geometry) {
  return {TileAxis{geometry.stride_t, geometry.first_frame_alone}, TileAxis{geometry.stride_h},
          TileAxis{geometry.stride_w}};
}

void check_multiple(const char* name, int64_t value, int64_t stride) {
  const int64_t below = value / stride * stride;
  const int64_t nearest = std::max(below, stride);
  require(value == below, "{} is {}, must be a multiple of {} for this VAE; nearest are {} and {}",
          name, value, stride, nearest, nearest + stride);
}

void check_axis(const char* name, const std::optional<int64_t>& tile, const char* overlap_name,
                int64_t overlap, int64_t stride) {
  if (!tile) return;
  require(*tile > 0 && overlap >= 0, "{} must be positive and {} not negative", name, overlap_name);
  check_multiple(name, *tile, stride);
  check_multiple(overlap_name, overlap, stride);
  require(*tile >= 2 * overlap, "{} is {}, must be at least twice {} ({})", name, *tile,
          overlap_name, 2 * overlap);
}

std::vector<TileSpan> spans_of_axis(int64_t latents, const std::optional<int64_t>& tile,
                                    int64_t overlap, int64_t stride, int64_t context = 0) {
  if (!tile) return plan_spans(latents, latents, 0, 0);
  return plan_spans(latents, *tile / stride, overlap / stride, context);
}

// Tiles over [T, h, w] latents.
Spans plan_tiles(const VideoVae& vae, const TilingConfig& tiling, at::IntArrayRef latents) {
  check_tiling(tiling, vae);
  const VaeGeometry geometry = vae.geometry();
  const FrameCoupling coupling = vae.frame_coupling();
  const bool window = coupling == FrameCoupling::kWindow;
  std::optional<int64_t> tile_frames = tiling.tile_frames;
  if (coupling == FrameCoupling::kStreamed) tile_frames.reset();
  return {spans_of_axis(latents[0], tile_frames, window ? tiling.overlap_frames : 0,
                        geometry.stride_t, window ? 1 : 0),
          spans_of_axis(latents[1], tiling.tile_height, tiling.overlap, geometry.stride_h),
          spans_of_axis(latents[2], tiling.tile_width, tiling.overlap, geometry.stride_w)};
}

bool is_one_tile(const Spans& spans) {
  return spans[0].size() == 1 && spans[1].size() == 1 && spans[2].size() == 1;
}

// Kept part of what the VAE made of one tile, faded at its seams.
at::Tensor faded(at::Tensor piece, const std::array<TileCut, 3>& tile) {
  for (int64_t i = 0; i < 3; ++i) {
    const TileCut& cut = tile[size_t(i)];
    piece = piece.narrow(kFirstAxis + i, cut.skip, cut.out_count);
    if (cut.fade_in + cut.fade_out == 0) continue;
    std::vector<int64_t> shape(5, 1);
    shape[size_t(kFirstAxis + i)] = cut.out_count;
    piece = piece * blend_weights(cut).view(shape).to(piece.device(), piece.scalar_type());
  }
  return piece;
}

at::Tensor part(const at::Tensor& whole, const std::array<TileCut, 3>& tile,
                int64_t TileCut::*begin, int64_t TileCut::*count) {
  at::Tensor result = whole;
  for (int64_t i = 0; i < 3; ++i) {
    result = result.narrow(kFirstAxis + i, tile[size_t(i)].*begin, tile[size_t(i)].*count);
  }
  return result;
}

// Runs `coder` on every tile of `input` and sums what it gives, faded, on the CPU.
at::Tensor assemble(const at::Tensor& input, const Cuts& cuts, const Coder& coder) {
  at::Tensor result;
  for (const TileCut& time : cuts[0]) {
    for (const TileCut& rows : cuts[1]) {
      for (const TileCut& columns : cuts[2]) {
        const std::array<TileCut, 3> tile = {time, rows, columns};
        const at::Tensor piece =
            faded(coder(part(input, tile, &TileCut::in_begin, &TileCut::in_count)), tile);
        if (!result.defined()) {
          const auto length = [](const std::vector<TileCut>& axis) {
            return axis.back().out_begin + axis.back().out_count;
          };
          result = at::zeros(
              {piece.size(0), piece.size(1), length(cuts[0]), length(cuts[1]), length(cuts[2])},
              at::kFloat);
        }
        part(result, tile, &TileCut::out_begin, &TileCut::out_count)
            .add_(piece.to(at::kCPU, at::kFloat));
      }
    }
  }
  return result;
}

template <class ToCuts>
Cuts cuts_of(const Spans& spans, const VaeGeometry& geometry, const ToCuts& to_cuts) {
  const auto axes = axes_of(geometry);
  return {to_cuts(spans[0], axes[0]), to_cuts(spans[1], axes[1]), to_cuts(spans[2], axes[2])};
}

class TiledVae : public VideoVae {
 public:
  TiledVae(std::unique_ptr<VideoVae> vae, const TilingConfig& tiling)
      : vae_(std::move(vae)), tiling_(tiling) {}

  VaeGeometry geometry() const override { return vae_->geometry(); }
  FrameCoupling frame_coupling() const override { return vae_->frame_coupling(); }
  at::Tensor encode(const at::Tensor& video) override {
    return encode_tiled(*vae_, video, tiling_);
  }
  at::Tensor decode(const at::Tensor& latents) override {
    return decode_tiled(*vae_, latents, tiling_);
  }
  std::string identity() const override { return vae_->identity(); }

 private:
  std::unique_ptr<VideoVae> vae_;
  TilingConfig tiling_;
};

}  // namespace

void check_tiling(const TilingConfig& tiling, const VaeGeometry& geometry) {
  check_axis("tile_height", tiling.tile_height, "overlap", tiling.overlap, geometry.stride_h);
  check_axis("tile_width", tiling.tile_width, "overlap", tiling.overlap, geometry.stride_w);
}

void check_tiling(const TilingConfig& tiling, const VideoVae& vae) {
  const VaeGeometry geometry = vae.geometry();
  check_tiling(tiling, geometry);
  if (vae.frame_coupling() == FrameCoupling::kStreamed) return;
  const bool window = vae.frame_coupling() == FrameCoupling::kWindow;
  check_axis("tile_frames", tiling.tile_frames, "overlap_frames",
             window ? tiling.overlap_frames : 0, geometry.stride_t);
}

at::Tensor decode_tiled(VideoVae& vae, const at::Tensor& latents, const TilingConfig& tiling) {
  const VaeGeometry geometry = vae.geometry();
  check_shape("vae: latents", latents,
              {{"B"}, {"C", geometry.latent_channels}, {"T"}, {"h"}, {"w"}});
  const Spans spans = plan_tiles(vae, tiling, latents.sizes().slice(kFirstAxis));
  if (is_one_tile(spans)) return vae.decode(latents);
  return assemble(latents, cuts_of(spans, geometry, cuts_for_decoding),
                  [&](const at::Tensor& tile) { return vae.decode(tile); });
}

at::Tensor encode_tiled(VideoVae& vae, const at::Tensor& video, const TilingConfig& tiling) {
  const VaeGeometry geometry = vae.geometry();
  check_shape("vae: video", video, {{"B"}, {"C"}, {"F"}, {"H"}, {"W"}});
  check_frame_count("vae: clip", video.size(2), geometry);
  require(video.size(3) % geometry.stride_h == 0 && video.size(4) % geometry.stride_w == 0,
          "vae: video is {}x{} pixels, rows must be multiples of {}, columns of {}", video.size(3),
          video.size(4), geometry.stride_h, geometry.stride_w);
  const Spans spans =
      plan_tiles(vae, tiling,
                 {geometry.latent_frames(video.size(2)), video.size(3) / geometry.stride_h,
                  video.size(4) / geometry.stride_w});
  if (is_one_tile(spans)) return vae.encode(video);
  return assemble(video, cuts_of(spans, geometry, cuts_for_encoding),
                  [&](const at::Tensor& tile) { return vae.encode(tile); });
}

std::unique_ptr<VideoVae> make_tiled_vae(std::unique_ptr<VideoVae> vae,
                                         const TilingConfig& tiling) {
  check_tiling(tiling, *vae);
  return std::make_unique<TiledVae>(std::move(vae), tiling);
}

}  // namespace sana::model
