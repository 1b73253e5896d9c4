// Encoder and decoder stacks of the causal 3-D VAE.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include <functional>
#include <vector>

#include "model/vae/wan_vae_layers.h"

namespace sana::model {

// Pixels [B, 3, F, H, W] -> moments [B, 2C, T, H/8, W/8] (before quant_conv).
class WanEncoderImpl : public torch::nn::Module {
 public:
  explicit WanEncoderImpl(const WanVaeConfig& config);
  at::Tensor forward(const at::Tensor& video, FeatureCache* cache = nullptr);

 private:
  CausalConv3d conv_in_{nullptr}, conv_out_{nullptr};
  std::vector<std::function<at::Tensor(const at::Tensor&, FeatureCache*)>> down_blocks_;
  WanMidBlock mid_block_{nullptr};
  ChannelRmsNorm norm_out_{nullptr};
};
TORCH_MODULE(WanEncoder);

// Residual blocks of one level, then an upsampler except at the last.
class WanUpBlockImpl : public torch::nn::Module {
 public:
  enum class Upsampling { kNone, kSpatial, kSpatioTemporal };
  WanUpBlockImpl(int64_t in, int64_t out, int64_t num_res_blocks, Upsampling upsampling);
  at::Tensor forward(const at::Tensor& x, FeatureCache* cache = nullptr);

 private:
  std::vector<WanResidualBlock> resnets_;
  WanUpsample upsampler_{nullptr};
};
TORCH_MODULE(WanUpBlock);

// Latents (after post_quant_conv) [B, C, T, h, w] -> pixels [B, 3, F, 8h, 8w].
class WanDecoderImpl : public torch::nn::Module {
 public:
  explicit WanDecoderImpl(const WanVaeConfig& config);
  at::Tensor forward(const at::Tensor& latents, FeatureCache* cache = nullptr);

 private:
  CausalConv3d conv_in_{nullptr}, conv_out_{nullptr};
  WanMidBlock mid_block_{nullptr};
  std::vector<WanUpBlock> up_blocks_;
  ChannelRmsNorm norm_out_{nullptr};
};
TORCH_MODULE(WanDecoder);

}  // namespace sana::model
