#include "model/vae/ltx2_coder.h"

#include <ATen/ATen.h>

namespace sana::model {
namespace {

at::Tensor apply_all(std::vector<Ltx2Resnet>& resnets, const at::Tensor& x) {
  at::Tensor y = x;
  for (Ltx2Resnet& resnet : resnets) y = resnet(y);
  return y;
}

Ltx2UpBlockPlan plan_up_block(const Ltx2VaeConfig& config, size_t block, int64_t channels) {
  const size_t entry = config.decoder_block_out_channels.size() - 1 - block;
  const auto from_end = [block](const auto& list) { return list[list.size() - 1 - block]; };
  Ltx2UpBlockPlan plan;
  plan.factor = from_end(config.upsample_factor);
  plan.in = channels / plan.factor;
  plan.out = config.decoder_block_out_channels[entry] / plan.factor;
  const auto& layers = config.decoder_layers_per_block;
  plan.layers = layers[layers.size() - 2 - block];
  plan.residual = from_end(config.upsample_residual);
  if (from_end(config.decoder_spatio_temporal_scaling)) {
    plan.upsample = ltx2_stride(config.upsample_type[block]);
  }
  return plan;
}

}  // namespace

Ltx2MidBlockImpl::Ltx2MidBlockImpl(int64_t channels, int64_t layers, const Ltx2Build& build)
    : resnets_(register_resnets(*this, channels, layers, build)) {}

at::Tensor Ltx2MidBlockImpl::forward(const at::Tensor& x) { return apply_all(resnets_, x); }

Ltx2DownBlockImpl::Ltx2DownBlockImpl(int64_t in, int64_t out, int64_t layers,
                                     const std::optional<std::string>& downsample_type,
                                     const Ltx2Build& build)
    : resnets_(register_resnets(*this, in, layers, build)) {
  if (!downsample_type) return;
  auto list = register_module("downsamplers", torch::nn::ModuleList());
  const auto take = [&](auto layer) {
    list->push_back(layer);
    downsample_ = [layer](const at::Tensor& x) mutable { return layer->forward(x); };
  };
  if (*downsample_type == "conv") {
    take(Ltx2Conv(in, in, build, std::array<int64_t, 3>{2, 2, 2}));
  } else {
    take(Ltx2Downsample(in, out, ltx2_stride(*downsample_type), build));
  }
}

at::Tensor Ltx2DownBlockImpl::forward(const at::Tensor& x) {
  const at::Tensor y = apply_all(resnets_, x);
  return downsample_ ? downsample_(y) : y;
}

Ltx2UpBlockImpl::Ltx2UpBlockImpl(const Ltx2UpBlockPlan& plan, const Ltx2Build& build) {
  if (plan.in != plan.out) {
    conv_in_ = register_module("conv_in", Ltx2Resnet(plan.in, plan.out, build));
  }
  if (plan.upsample) {
    auto list = register_module("upsamplers", torch::nn::ModuleList());
    upsampler_ =
        Ltx2Upsample(plan.out * plan.factor, plan.factor, plan.residual, *plan.upsample, build);
    list->push_back(upsampler_);
  }
  resnets_ = register_resnets(*this, plan.out, plan.layers, build);
}

at::Tensor Ltx2UpBlockImpl::forward(const at::Tensor& x) {
  at::Tensor y = conv_in_ ? conv_in_(x) : x;
  if (upsampler_) y = upsampler_(y);
  return apply_all(resnets_, y);
}

Ltx2EncoderImpl::Ltx2EncoderImpl(const Ltx2VaeConfig& config, const at::TensorOptions& options)
    : patch_(config.patch_size) {
  const Ltx2Build build{config.encoder_causal, border_fill(config.encoder_spatial_padding_mode),
                        config.resnet_norm_eps, options};
  int64_t channels = config.latent_channels;
  conv_in_ =
      register_module("conv_in", Ltx2Conv(config.in_channels * patch_ * patch_, channels, build));
  auto list = register_module("down_blocks", torch::nn::ModuleList());
  for (size_t i = 0; i < config.block_out_channels.size(); ++i) {
    std::optional<std::string> downsample;
    if (config.spatio_temporal_scaling[i]) downsample = config.downsample_type[i];
    down_blocks_.emplace_back(channels, config.block_out_channels[i], config.layers_per_block[i],
                              downsample, build);
    list->push_back(down_blocks_.back());
    channels = config.block_out_channels[i];
  }
  mid_block_ =
      register_module("mid_block", Ltx2MidBlock(channels, config.layers_per_block.back(), build));
  conv_out_ = register_module("conv_out", Ltx2Conv(channels, config.latent_channels + 1, build));
}

at::Tensor Ltx2EncoderImpl::forward(const at::Tensor& video) {
  PaddedVolume padded =
      conv_in_->input({video.size(0), video.size(1) * patch_ * patch_, video.size(2),
                       video.size(3) / patch_, video.size(4) / patch_},
                      video);
  split_patch_channels(padded.interior(), patch_).copy_(split_patches(video, patch_));
  at::Tensor x = conv_in_->forward(padded);
  for (Ltx2DownBlock& block : down_blocks_) x = block(x);
  return normalize_activate_convolve(mid_block_(x), conv_out_);
}

Ltx2DecoderImpl::Ltx2DecoderImpl(const Ltx2VaeConfig& config, const at::TensorOptions& options)
    : patch_(config.patch_size) {
  const Ltx2Build build{config.decoder_causal, border_fill(config.decoder_spatial_padding_mode),
                        config.resnet_norm_eps, options};
  int64_t channels = config.decoder_block_out_channels.back();
  conv_in_ = register_module("conv_in", Ltx2Conv(config.latent_channels, channels, build));
  mid_block_ = register_module(
      "mid_block", Ltx2MidBlock(channels, config.decoder_layers_per_block.back(), build));
  auto list = register_module("up_blocks", torch::nn::ModuleList());
  for (size_t i = 0; i < config.decoder_block_out_channels.size(); ++i) {
    const Ltx2UpBlockPlan plan = plan_up_block(config, i, channels);
    up_blocks_.emplace_back(plan, build);
    list->push_back(up_blocks_.back());
    channels = plan.out;
  }
  conv_out_ =
      register_module("conv_out", Ltx2Conv(channels, config.out_channels * patch_ * patch_, build));
}

at::Tensor Ltx2DecoderImpl::forward(const at::Tensor& latents) {
  at::Tensor x = mid_block_(conv_in_->forward(latents));
  for (Ltx2UpBlock& block : up_blocks_) x = block(x);
  const at::Tensor y = normalize_activate_convolve(x, conv_out_);
  const at::Tensor pixels = at::empty(
      {y.size(0), y.size(1) / (patch_ * patch_), y.size(2), y.size(3) * patch_, y.size(4) * patch_},
      y.options());
  split_patches(pixels, patch_).copy_(split_patch_channels(y, patch_));
  return pixels;
}

}  // namespace sana::model
