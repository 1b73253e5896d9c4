// Layers of the causal 3-D VAE. Volumes are [B, C, T, H, W] in channels-last memory, so that
// folding frames into the batch and normalising over channels move no data. Every layer runs on a
// whole clip (cache == nullptr) or on the next chunk of one; both give the same values.
//
// Fresh weights: every residual branch ends in a convolution that starts at zero and the trunk
// keeps the size of its signal, so a fresh VAE is a linear autoencoder that training bends where
// that pays.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/pimpl.h>

#include <array>
#include <vector>

#include "model/vae/conv3d.h"
#include "model/vae/feature_cache.h"

namespace sana::model {

struct WanVaeConfig;

// Convolution that sees only this and earlier frames: zeros (or the cache) on the left of time.
class CausalConv3dImpl : public torch::nn::Module {
 public:
  // kernel {t, h, w}; rows and columns are padded to keep their size, time on the left by kernel_t
  // - 1.
  CausalConv3dImpl(int64_t in, int64_t out, std::array<int64_t, 3> kernel);
  void start_at_zero();  // for the last convolution of a residual branch
  at::Tensor forward(const at::Tensor& x, FeatureCache* cache = nullptr);
  // No padding in time, stride over frames: [B, C, T, H, W] -> [B, C, (T - kernel_t)/stride + 1, H,
  // W]
  at::Tensor forward_valid(const at::Tensor& x, int64_t time_stride);

 private:
  std::array<int64_t, 3> kernel_;
  at::Tensor weight_;  // [out, in, t, h, w]
  at::Tensor bias_;    // [out]
};
TORCH_MODULE(CausalConv3d);

// Frame-wise 2-D convolution named as PyTorch's Conv2d.
class FrameConv2dImpl : public torch::nn::Module {
 public:
  FrameConv2dImpl(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t padding);
  void start_at_zero();
  at::Tensor forward(const at::Tensor& frames);  // [M, C, H, W]

 private:
  int64_t stride_, padding_;
  at::Tensor weight_, bias_;
};
TORCH_MODULE(FrameConv2d);

// x / |x| over the channels, times sqrt(C) * gamma.
class ChannelRmsNormImpl : public torch::nn::Module {
 public:
  // gamma has shape [C, 1, 1, 1] in volumes and [C, 1, 1] in frames, as the public weights have it.
  ChannelRmsNormImpl(int64_t channels, int64_t trailing_axes);
  at::Tensor forward(const at::Tensor& x);  // [B, C, ...]

 private:
  at::Tensor gamma_;
};
TORCH_MODULE(ChannelRmsNorm);

// norm, SiLU, conv, norm, SiLU, conv, plus the (projected) input.
class WanResidualBlockImpl : public torch::nn::Module {
 public:
  WanResidualBlockImpl(int64_t in, int64_t out);
  at::Tensor forward(const at::Tensor& x, FeatureCache* cache = nullptr);

 private:
  ChannelRmsNorm norm1_{nullptr}, norm2_{nullptr};
  CausalConv3d conv1_{nullptr}, conv2_{nullptr}, conv_shortcut_{nullptr};
};
TORCH_MODULE(WanResidualBlock);

// Spatial self-attention of each frame on its own, one head of width C.
class FrameAttentionImpl : public torch::nn::Module {
 public:
  explicit FrameAttentionImpl(int64_t channels);
  at::Tensor forward(const at::Tensor& x);  // [B, C, T, H, W]

 private:
  ChannelRmsNorm norm_{nullptr};
  FrameConv2d to_qkv_{nullptr}, proj_{nullptr};
};
TORCH_MODULE(FrameAttention);

// Half the rows and columns; with `temporal` also T = 1 + 2k frames to 1 + k.
class WanDownsampleImpl : public torch::nn::Module {
 public:
  WanDownsampleImpl(int64_t channels, bool temporal);
  at::Tensor forward(const at::Tensor& x, FeatureCache* cache = nullptr);

 private:
  FrameConv2d conv_{nullptr};  // "resample.1"
  CausalConv3d time_conv_{nullptr};
};
TORCH_MODULE(WanDownsample);

// Twice the rows and columns, half the channels; with `temporal` also 1 + k frames to 1 + 2k.
class WanUpsampleImpl : public torch::nn::Module {
 public:
  WanUpsampleImpl(int64_t channels, bool temporal);
  at::Tensor forward(const at::Tensor& x, FeatureCache* cache = nullptr);

 private:
  at::Tensor upsample_time(const at::Tensor& x, FeatureCache* cache);

  FrameConv2d conv_{nullptr};  // "resample.1"
  CausalConv3d time_conv_{nullptr};
};
TORCH_MODULE(WanUpsample);

// Residual block, frame attention, residual block.
class WanMidBlockImpl : public torch::nn::Module {
 public:
  explicit WanMidBlockImpl(int64_t channels);
  at::Tensor forward(const at::Tensor& x, FeatureCache* cache = nullptr);

 private:
  std::vector<WanResidualBlock> resnets_;
  FrameAttention attention_{nullptr};
};
TORCH_MODULE(WanMidBlock);

}  // namespace sana::model
