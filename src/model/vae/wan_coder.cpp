#include "model/vae/wan_coder.h"

#include <ATen/ATen.h>

#include "model/vae/wan_vae.h"

namespace sana::model {
namespace {

constexpr std::array<int64_t, 3> kCube = {3, 3, 3};

}  // namespace

WanEncoderImpl::WanEncoderImpl(const WanVaeConfig& config) {
  const auto& mult = config.dim_mult;
  conv_in_ = register_module("conv_in", CausalConv3d(3, config.base_dim, kCube));
  auto list = register_module("down_blocks", torch::nn::ModuleList());
  const auto add = [&](auto layer) {
    list->push_back(layer);
    down_blocks_.push_back([layer](const at::Tensor& x, FeatureCache* cache) mutable {
      return layer->forward(x, cache);
    });
  };
  int64_t channels = config.base_dim;
  for (size_t level = 0; level < mult.size(); ++level) {
    for (int64_t i = 0; i < config.num_res_blocks; ++i) {
      add(WanResidualBlock(channels, config.base_dim * mult[level]));
      channels = config.base_dim * mult[level];
    }
    if (level + 1 < mult.size()) {
      add(WanDownsample(channels, bool(config.temporal_downsample[level])));
    }
  }
  mid_block_ = register_module("mid_block", WanMidBlock(channels));
  norm_out_ = register_module("norm_out", ChannelRmsNorm(channels, 3));
  conv_out_ =
      register_module("conv_out", CausalConv3d(channels, 2 * config.latent_channels, kCube));
}

at::Tensor WanEncoderImpl::forward(const at::Tensor& video, FeatureCache* cache) {
  at::Tensor x = conv_in_(video, cache);
  for (auto& block : down_blocks_) x = block(x, cache);
  x = mid_block_(x, cache);
  return conv_out_(at::silu(norm_out_(x)), cache);
}

WanUpBlockImpl::WanUpBlockImpl(int64_t in, int64_t out, int64_t num_res_blocks,
                               Upsampling upsampling) {
  auto resnets = register_module("resnets", torch::nn::ModuleList());
  for (int64_t i = 0; i < num_res_blocks; ++i) {
    resnets_.emplace_back(i == 0 ? in : out, out);
    resnets->push_back(resnets_.back());
  }
  if (upsampling != Upsampling::kNone) {
    auto upsamplers = register_module("upsamplers", torch::nn::ModuleList());
    upsampler_ = WanUpsample(out, upsampling == Upsampling::kSpatioTemporal);
    upsamplers->push_back(upsampler_);
  }
}

at::Tensor WanUpBlockImpl::forward(const at::Tensor& x, FeatureCache* cache) {
  at::Tensor y = x;
  for (WanResidualBlock& resnet : resnets_) y = resnet(y, cache);
  return upsampler_ ? upsampler_(y, cache) : y;
}

WanDecoderImpl::WanDecoderImpl(const WanVaeConfig& config) {
  using Upsampling = WanUpBlockImpl::Upsampling;
  const auto& mult = config.dim_mult;
  const int64_t levels = int64_t(mult.size());
  const int64_t widest = config.base_dim * mult.back();
  conv_in_ = register_module("conv_in", CausalConv3d(config.latent_channels, widest, kCube));
  mid_block_ = register_module("mid_block", WanMidBlock(widest));
  auto list = register_module("up_blocks", torch::nn::ModuleList());
  int64_t channels = widest;
  for (int64_t level = levels - 1; level >= 0; --level) {
    const int64_t out = config.base_dim * mult[size_t(level)];
    Upsampling upsampling = Upsampling::kNone;
    if (level > 0) {
      upsampling = config.temporal_downsample[size_t(level - 1)] ? Upsampling::kSpatioTemporal
                                                                 : Upsampling::kSpatial;
    }
    up_blocks_.emplace_back(channels, out, config.num_res_blocks + 1, upsampling);
    list->push_back(up_blocks_.back());
    channels = out / 2;  // an upsampler halves the channels
  }
  norm_out_ = register_module("norm_out", ChannelRmsNorm(config.base_dim * mult[0], 3));
  conv_out_ = register_module("conv_out", CausalConv3d(config.base_dim * mult[0], 3, kCube));
}

at::Tensor WanDecoderImpl::forward(const at::Tensor& latents, FeatureCache* cache) {
  at::Tensor x = mid_block_(conv_in_(latents, cache), cache);
  for (WanUpBlock& block : up_blocks_) x = block(x, cache);
  return conv_out_(at::silu(norm_out_(x)), cache);
}

}  // namespace sana::model
