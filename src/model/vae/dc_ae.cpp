#include "model/vae/dc_ae.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "core/shape.h"
#include "model/state_dict.h"

namespace sana::model {
namespace {

// In the dtype and on the device of the weights, channels last.
at::Tensor like_weights(const at::Tensor& x, const torch::nn::Module& module) {
  const at::Tensor weight = module.parameters()[0];
  return x.to(weight.device(), weight.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
}

}  // namespace

DcAeImpl::DcAeImpl(const DcAeConfig& config)
    : config_(config),
      encoder_(register_module("encoder", DcAeEncoder(config))),
      decoder_(register_module("decoder", DcAeDecoder(config))) {}

at::Tensor DcAeImpl::encode(const at::Tensor& images) {
  const VaeGeometry geometry = config_.geometry();
  check_shape("dc_ae: images", images, {{"N"}, {"C", config_.in_channels}, {"H"}, {"W"}});
  require(images.size(2) % geometry.stride_h == 0 && images.size(3) % geometry.stride_w == 0,
          "dc_ae: images are {}x{} pixels, rows and columns must be multiples of {}",
          images.size(2), images.size(3), geometry.stride_h);
  return encoder_(like_weights(images, *encoder_)).contiguous();
}

at::Tensor DcAeImpl::decode(const at::Tensor& latents) {
  check_shape("dc_ae: latents", latents, {{"N"}, {"C", config_.latent_channels}, {"h"}, {"w"}});
  return decoder_(like_weights(latents, *decoder_)).contiguous();
}

at::Tensor DcAeImpl::encode_normalized(const at::Tensor& video) {
  check_shape("dc_ae: video", video, {{"B"}, {"C", config_.in_channels}, {"F"}, {"H"}, {"W"}});
  std::vector<at::Tensor> latents;
  for (const at::Tensor& frame : video.unbind(2)) {
    latents.push_back(encode(frame).to(at::kFloat) * config_.scaling_factor);
  }
  return at::stack(latents, 2);
}

at::Tensor DcAeImpl::decode_normalized(const at::Tensor& latents) {
  check_shape("dc_ae: latents", latents,
              {{"B"}, {"C", config_.latent_channels}, {"T"}, {"h"}, {"w"}});
  std::vector<at::Tensor> frames;
  for (const at::Tensor& z : latents.unbind(2)) {
    frames.push_back(decode(z / config_.scaling_factor));
  }
  return at::stack(frames, 2);
}

DcAe build_dc_ae(const DcAeConfig& config, const TensorMap& weights, const std::string& what,
                 c10::Device device, c10::ScalarType dtype) {
  DcAe vae(config);
  adopt_state_dict(*vae, weights, device, dtype, what);
  return vae;
}

}  // namespace sana::model
