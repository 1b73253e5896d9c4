// Mix-FFN: gated 1x1 - depthwise 3x3 - 1x1 convolutions per frame, then a temporal convolution.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "core/distributed/communicator.h"
#include "model/layers.h"
#include "model/rotary_embedding.h"

namespace sana::model {

// Depthwise 3x3 convolution with bias on channels-last frames.
class DepthwiseConvImpl : public torch::nn::Module {
 public:
  explicit DepthwiseConvImpl(int64_t channels);
  // [M, H, W, C] -> [M, H, W, C]
  at::Tensor forward(const at::Tensor& x);

 private:
  at::Tensor weight_;  // [C, 1, 3, 3]
  at::Tensor bias_;    // [C]
};
TORCH_MODULE(DepthwiseConv);

// Dense convolution of kernel 3 along the frames, every pixel on its own, no bias. Zero at birth: a
// new video model computes what its image model did.
class TemporalConvImpl : public torch::nn::Module {
 public:
  explicit TemporalConvImpl(int64_t dim);
  // x [B, T, M, D] (M pixels per frame) -> [B, T, M, D]. On its left stands the frame `tail`
  // [B, D, 1, M], on its right `next` [B, D, 1, M]; zeros where one is undefined.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& tail = {}, const at::Tensor& next = {});

 private:
  at::Tensor weight_;  // [D, D, 3, 1]
};
TORCH_MODULE(TemporalConv);

// The part of the Mix-FFN that sees one frame at a time; all of it in the image model.
class SpatialMixFfnImpl : public torch::nn::Module {
 public:
  // hidden_dim = r * D channels after gating.
  SpatialMixFfnImpl(int64_t dim, int64_t hidden_dim);
  // x [B, N, D] -> [B, N, D]
  at::Tensor forward(const at::Tensor& x, const Grid& grid);

 private:
  PointwiseConv conv_inverted_{nullptr};  // D -> 2rD
  DepthwiseConv conv_depth_{nullptr};
  PointwiseConv conv_point_{nullptr};  // rD -> D
};
TORCH_MODULE(SpatialMixFfn);

// u + TemporalConv(u) with u of the spatial part. Derived from it, because in the public names the
// temporal convolution stands beside the others.
class MixFfnImpl : public SpatialMixFfnImpl {
 public:
  MixFfnImpl(int64_t dim, int64_t hidden_dim);
  // x [B, N, D] -> [B, N, D]
  // Block-causal pass: `tail` is the last frame of the earlier block of frames, taken before the
  // temporal convolution (undefined: none); that of x goes to `own_tail` unless it is null.
  // Sequence parallel: x are some frames of a clip, and `group` has the others (null: x is all).
  at::Tensor forward(const at::Tensor& x, const Grid& grid, const at::Tensor& tail = {},
                     at::Tensor* own_tail = nullptr, Communicator* group = nullptr);

 private:
  TemporalConv conv_temp_{nullptr};
};
TORCH_MODULE(MixFfn);

}  // namespace sana::model
