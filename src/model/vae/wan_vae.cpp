#include "model/vae/wan_vae.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/shape.h"
#include "model/parameter.h"
#include "model/state_dict.h"

namespace sana::model {
namespace {

constexpr double kFreshLogVariance = -6.0;

// A list of per-channel numbers as [1, C, 1, 1, 1], or `fallback` for each when the list is empty.
at::Tensor per_channel(const std::vector<double>& values, double fallback, const at::Tensor& like) {
  const at::Tensor list = values.empty() ? at::full({like.size(1)}, fallback, at::kDouble)
                                         : at::tensor(values, at::kDouble);
  return list.view({1, -1, 1, 1, 1}).to(like.device(), like.scalar_type());
}

}  // namespace

VaeGeometry WanVaeConfig::geometry() const {
  VaeGeometry geometry;
  geometry.latent_channels = latent_channels;
  geometry.stride_h = geometry.stride_w = int64_t(1) << (dim_mult.size() - 1);
  geometry.stride_t = 1;
  for (bool temporal : temporal_downsample) geometry.stride_t *= temporal ? 2 : 1;
  return geometry;
}

WanVaeImpl::WanVaeImpl(const WanVaeConfig& config) : config_(config) {
  const std::array<int64_t, 3> pointwise = {1, 1, 1};
  const int64_t channels = config.latent_channels;
  encoder_ = register_module("encoder", WanEncoder(config));
  quant_conv_ = register_module("quant_conv", CausalConv3d(2 * channels, 2 * channels, pointwise));
  // A fresh posterior is narrow: with unit noise the first hundreds of steps only learn to shout it
  // down.
  at::Tensor quant_bias = quant_conv_->named_parameters()["bias"];
  refill_parameter(quant_bias, [channels](at::Tensor& bias) {
    bias.narrow(0, channels, channels).fill_(kFreshLogVariance);
  });
  post_quant_conv_ =
      register_module("post_quant_conv", CausalConv3d(channels, channels, pointwise));
  decoder_ = register_module("decoder", WanDecoder(config));
}

at::Tensor WanVaeImpl::check_video(const at::Tensor& video) const {
  const VaeGeometry geometry = config_.geometry();
  check_shape("wan_vae: video", video, {{"B"}, {"C", 3}, {"F"}, {"H"}, {"W"}});
  check_frame_count("wan_vae: clip", video.size(2), geometry);
  require(video.size(3) % geometry.stride_h == 0 && video.size(4) % geometry.stride_w == 0,
          "wan_vae: video is {}x{} pixels, rows and columns must be multiples of {}", video.size(3),
          video.size(4), geometry.stride_h);
  return video.to(encoder_->parameters()[0].scalar_type())
      .contiguous(at::MemoryFormat::ChannelsLast3d);
}

LatentPosterior WanVaeImpl::posterior(const at::Tensor& moments) {
  const auto parts = quant_conv_(moments).chunk(2, 1);
  return {parts[0].contiguous(), parts[1].clamp(-30.0, 20.0).contiguous()};
}

LatentPosterior WanVaeImpl::encode_whole(const at::Tensor& video) {
  return posterior(encoder_(check_video(video)));
}

at::Tensor WanVaeImpl::decode_whole(const at::Tensor& latents) {
  check_shape("wan_vae: latents", latents,
              {{"B"}, {"C", config_.latent_channels}, {"T"}, {"h"}, {"w"}});
  return decoder_(post_quant_conv_(latents.to(post_quant_conv_->parameters()[0].scalar_type())));
}

LatentPosterior WanVaeImpl::encode_chunked(const at::Tensor& video) {
  const at::Tensor pixels = check_video(video);
  const int64_t stride = config_.geometry().stride_t;
  FeatureCache cache;
  std::vector<at::Tensor> moments;
  for (int64_t first = 0; first < pixels.size(2);) {
    const int64_t count = first == 0 ? 1 : stride;  // the first frame stands alone
    cache.rewind();
    moments.push_back(encoder_(pixels.narrow(2, first, count), &cache));
    first += count;
  }
  return posterior(at::cat(moments, 2));
}

at::Tensor WanVaeImpl::decode_chunked(const at::Tensor& latents) {
  check_shape("wan_vae: latents", latents,
              {{"B"}, {"C", config_.latent_channels}, {"T"}, {"h"}, {"w"}});
  const at::Tensor z =
      post_quant_conv_(latents.to(post_quant_conv_->parameters()[0].scalar_type()));
  FeatureCache cache;
  std::vector<at::Tensor> frames;
  for (int64_t t = 0; t < z.size(2); ++t) {
    cache.rewind();
    frames.push_back(decoder_(z.narrow(2, t, 1), &cache));
  }
  return at::cat(frames, 2);
}

at::Tensor WanVaeImpl::normalize(const at::Tensor& latents) const {
  return (latents - per_channel(config_.latents_mean, 0.0, latents)) /
         per_channel(config_.latents_std, 1.0, latents);
}

at::Tensor WanVaeImpl::denormalize(const at::Tensor& latents) const {
  return latents * per_channel(config_.latents_std, 1.0, latents) +
         per_channel(config_.latents_mean, 0.0, latents);
}

at::Tensor WanVaeImpl::encode_normalized(const at::Tensor& video) {
  return normalize(encode_chunked(video).mean.to(at::kFloat));
}

at::Tensor WanVaeImpl::decode_normalized(const at::Tensor& latents) {
  return decode_chunked(denormalize(latents.to(at::kFloat)));
}

void WanVaeImpl::set_latent_statistics(std::vector<double> mean, std::vector<double> std) {
  config_.latents_mean = std::move(mean);
  config_.latents_std = std::move(std);
}

WanVae build_wan_vae(const WanVaeConfig& config, const TensorMap& weights,
                     const std::string& what) {
  WanVae vae{nullptr};
  {
    const UnfilledParameters unfilled;
    vae = WanVae(config);
  }
  adopt_state_dict(*vae, weights, at::kCPU, at::kFloat, what);
  return vae;
}

}  // namespace sana::model
