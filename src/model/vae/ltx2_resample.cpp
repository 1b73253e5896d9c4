#include "model/vae/ltx2_resample.h"

#include <ATen/ATen.h>

#include "model/vae/conv3d.h"

namespace sana::model {
namespace {

// Blocks of x as channels, [B, C*st*sh*sw, T, H, W].
at::Tensor blocks_to_channels(const at::Tensor& x, const Ltx2Stride& stride) {
  const at::Tensor result =
      empty_volume({x.size(0), x.size(1) * stride.volume(), x.size(2) / stride.t,
                    x.size(3) / stride.h, x.size(4) / stride.w},
                   x);
  split_channels(result, stride).copy_(split_blocks(x, stride));
  return result;
}

}  // namespace

at::Tensor split_blocks(const at::Tensor& x, const Ltx2Stride& stride) {
  return x.unflatten(4, {x.size(4) / stride.w, stride.w})
      .unflatten(3, {x.size(3) / stride.h, stride.h})
      .unflatten(2, {x.size(2) / stride.t, stride.t});
}

at::Tensor split_channels(const at::Tensor& x, const Ltx2Stride& stride) {
  return x.unflatten(1, {x.size(1) / stride.volume(), stride.t, stride.h, stride.w})
      .permute({0, 1, 5, 2, 6, 3, 7, 4});
}

at::Tensor split_patches(const at::Tensor& pixels, int64_t patch) {
  return pixels.unflatten(4, {pixels.size(4) / patch, patch})
      .unflatten(3, {pixels.size(3) / patch, patch})
      .permute({0, 1, 6, 4, 2, 3, 5});
}

at::Tensor split_patch_channels(const at::Tensor& x, int64_t patch) {
  return x.unflatten(1, {x.size(1) / (patch * patch), patch, patch});
}

Ltx2DownsampleImpl::Ltx2DownsampleImpl(int64_t in, int64_t out, const Ltx2Stride& stride,
                                       const Ltx2Build& build)
    : stride_(stride),
      out_(out),
      conv_(register_module("conv", Ltx2Conv(in, out / stride.volume(), build))) {}

at::Tensor Ltx2DownsampleImpl::forward(const at::Tensor& x) {
  const int64_t repeats = stride_.t - 1;
  PaddedVolume padded = conv_->input(x.sizes(), x, repeats);
  padded.interior().copy_(x);
  at::Tensor result = blocks_to_channels(conv_->forward(padded), stride_);
  const at::Tensor own = blocks_to_channels(padded.interior_with_frames_before(repeats), stride_);
  return result.add_(own.unflatten(1, {out_, own.size(1) / out_}).mean(2));
}

Ltx2UpsampleImpl::Ltx2UpsampleImpl(int64_t in, int64_t factor, bool residual,
                                   const Ltx2Stride& stride, const Ltx2Build& build)
    : stride_(stride),
      out_(in / factor),
      residual_(residual),
      conv_(register_module("conv", Ltx2Conv(in, in / factor * stride.volume(), build))) {}

at::Tensor Ltx2UpsampleImpl::forward(const at::Tensor& x) {
  const at::Tensor result = empty_volume(
      {x.size(0), out_, x.size(2) * stride_.t, x.size(3) * stride_.h, x.size(4) * stride_.w}, x);
  at::Tensor target = split_blocks(result, stride_);
  const at::Tensor main = split_channels(conv_->forward(x), stride_);
  if (residual_) {
    // The input's block channels, fewer than `out_`, are repeated one whole set after the other.
    const at::Tensor own = split_channels(x, stride_).unsqueeze(1);
    const auto in_sets = [&](const at::Tensor& t) { return t.unflatten(1, {-1, own.size(2)}); };
    at::Tensor target_sets = in_sets(target);
    at::add_out(target_sets, in_sets(main), own);
  } else {
    target.copy_(main);
  }
  return result.slice(2, stride_.t - 1);
}

}  // namespace sana::model
