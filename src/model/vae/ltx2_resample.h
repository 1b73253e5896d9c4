// Changes of resolution in the LTX-2 VAE: blocks of frames, rows and columns become channels, and
// channels become blocks.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "model/vae/ltx2_vae_layers.h"

namespace sana::model {

// x [B, C, T*st, H*sh, W*sw] as a view [B, C, T, st, H, sh, W, sw].
at::Tensor split_blocks(const at::Tensor& x, const Ltx2Stride& stride);

// x [B, C*st*sh*sw, T, H, W] as a view of the same form; channel ((c*st + it)*sh + ih)*sw + iw.
at::Tensor split_channels(const at::Tensor& x, const Ltx2Stride& stride);

// Pixels [B, C, T, H*p, W*p] as a view [B, C, p (column), p (row), T, H, W] and channels
// [B, C*p*p, T, H, W] as a view of the same form: the column within a patch is the slower index.
at::Tensor split_patches(const at::Tensor& pixels, int64_t patch);
at::Tensor split_patch_channels(const at::Tensor& x, int64_t patch);

// Blocks to channels of a convolution, plus means of groups of the input's own block channels. With
// st = 2 the first frame is doubled: T = 1 + 2k frames become 1 + k.
class Ltx2DownsampleImpl : public torch::nn::Module {
 public:
  Ltx2DownsampleImpl(int64_t in, int64_t out, const Ltx2Stride& stride, const Ltx2Build& build);
  at::Tensor forward(const at::Tensor& x);

 private:
  Ltx2Stride stride_;
  int64_t out_;
  Ltx2Conv conv_{nullptr};
};
TORCH_MODULE(Ltx2Downsample);

// Channels of a convolution to blocks, plus (residual) the input's own channels to blocks,
// repeated. C channels become C / factor; with st = 2 the first frame is dropped: 1 + k become 1 +
// 2k.
class Ltx2UpsampleImpl : public torch::nn::Module {
 public:
  Ltx2UpsampleImpl(int64_t in, int64_t factor, bool residual, const Ltx2Stride& stride,
                   const Ltx2Build& build);
  at::Tensor forward(const at::Tensor& x);

 private:
  Ltx2Stride stride_;
  int64_t out_;
  bool residual_;
  Ltx2Conv conv_{nullptr};
};
TORCH_MODULE(Ltx2Upsample);

}  // namespace sana::model
