#include "model/vae/ltx2_vae.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/shape.h"
#include "model/state_dict.h"
#include "model/vae/conv3d.h"

namespace sana::model {
namespace {

// [C] as [1, C, 1, 1, 1] where `like` is, in float32.
at::Tensor per_channel(const at::Tensor& values, const at::Tensor& like) {
  return values.view({1, -1, 1, 1, 1}).to(like.device(), at::kFloat);
}

}  // namespace

Ltx2VaeImpl::Ltx2VaeImpl(const Ltx2VaeConfig& config, const at::TensorOptions& options)
    : config_(config) {
  encoder_ = register_module("encoder", Ltx2Encoder(config, options));
  decoder_ = register_module("decoder", Ltx2Decoder(config, options));
  latents_mean_ = register_buffer("latents_mean", at::zeros({config.latent_channels}, options));
  latents_std_ = register_buffer("latents_std", at::ones({config.latent_channels}, options));
}

c10::ScalarType Ltx2VaeImpl::dtype() const { return encoder_->parameters()[0].scalar_type(); }

LatentPosterior Ltx2VaeImpl::encode(const at::Tensor& video) {
  at::NoGradGuard no_grad;
  const VaeGeometry geometry = config_.geometry();
  check_shape("ltx2_vae: video", video, {{"B"}, {"C", config_.in_channels}, {"F"}, {"H"}, {"W"}});
  check_frame_count("ltx2_vae: clip", video.size(2), geometry);
  require(video.size(3) % geometry.stride_h == 0 && video.size(4) % geometry.stride_w == 0 &&
              video.size(3) > 0 && video.size(4) > 0,
          "ltx2_vae: video is {}x{} pixels, rows must be multiples of {}, columns of {}",
          video.size(3), video.size(4), geometry.stride_h, geometry.stride_w);
  const at::Tensor moments = encoder_(video.to(dtype()));
  const at::Tensor logvar = moments.narrow(1, config_.latent_channels, 1).clamp(-30.0, 20.0);
  const at::Tensor mean = moments.narrow(1, 0, config_.latent_channels).contiguous();
  return {mean, logvar.expand_as(mean)};
}

at::Tensor Ltx2VaeImpl::decode(const at::Tensor& latents) {
  at::NoGradGuard no_grad;
  check_shape("ltx2_vae: latents", latents,
              {{"B"}, {"C", config_.latent_channels}, {"T"}, {"h"}, {"w"}});
  require(latents.numel() > 0, "ltx2_vae: latents {} are empty", shape_string(latents.sizes()));
  return decoder_(latents.to(dtype()));
}

at::Tensor Ltx2VaeImpl::normalize(const at::Tensor& latents) const {
  return (latents.to(at::kFloat) - per_channel(latents_mean_, latents)) /
         per_channel(latents_std_, latents);
}

at::Tensor Ltx2VaeImpl::denormalize(const at::Tensor& latents) const {
  return latents.to(at::kFloat) * per_channel(latents_std_, latents) +
         per_channel(latents_mean_, latents);
}

at::Tensor Ltx2VaeImpl::encode_normalized(const at::Tensor& video) {
  return normalize(encode(video).mean);
}

at::Tensor Ltx2VaeImpl::decode_normalized(const at::Tensor& latents) {
  return decode(denormalize(latents.to(dtype())));
}

Ltx2Vae build_ltx2_vae(const Ltx2VaeConfig& config, const TensorMap& weights,
                       const std::string& what, const at::TensorOptions& options) {
  load_state_dict(*Ltx2Vae(config, options.device(at::kMeta)), weights, what);
  Ltx2Vae vae(config, options);
  load_state_dict(*vae, weights, what);
  use_volume_format(*vae);
  return vae;
}

std::unique_ptr<VideoVae> make_video_vae(Ltx2Vae vae, c10::Device device, c10::ScalarType dtype) {
  check_halves_agree(vae->config());
  auto face = std::make_unique<VaeAdapter<Ltx2Vae>>(vae, device, dtype);
  use_volume_format(*vae);
  return face;
}

}  // namespace sana::model
