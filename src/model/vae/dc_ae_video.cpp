#include "model/vae/dc_ae_video.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/error.h"
#include "core/shape.h"
#include "model/state_dict.h"

namespace sana::model {
namespace {

// In the dtype and on the device of the weights, channels last.
at::Tensor volume_like_weights(const at::Tensor& x, const torch::nn::Module& module) {
  const at::Tensor weight = module.parameters()[0];
  return x.to(weight.device(), weight.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast3d);
}

// Runs a coder over the clips of a batch, `chunk` frames at a time.
template <class Coder>
at::Tensor run_in_chunks(Coder& coder, const at::Tensor& x, int64_t chunk) {
  std::vector<at::Tensor> clips;
  for (const at::Tensor& clip : x.split(1)) {
    FeatureCache cache;
    std::vector<at::Tensor> parts;
    for (int64_t first = 0; first < clip.size(2); first += chunk) {
      const int64_t count = std::min(chunk, clip.size(2) - first);
      cache.rewind();
      parts.push_back(coder(volume_like_weights(clip.narrow(2, first, count), *coder), &cache));
    }
    clips.push_back(at::cat(parts, 2));
  }
  return at::cat(clips, 0).contiguous();
}

at::Tensor scaling_of(const DcAeVideoConfig& config, const at::Tensor& like) {
  return at::tensor(config.scaling_factor, at::kDouble)
      .view({1, -1, 1, 1, 1})
      .to(like.device(), like.scalar_type());
}

}  // namespace

DcAeVideoImpl::DcAeVideoImpl(const DcAeVideoConfig& config)
    : config_(config),
      encoder_(register_module("encoder", DcAeVideoEncoder(config))),
      decoder_(register_module("decoder", DcAeVideoDecoder(config))) {}

at::Tensor DcAeVideoImpl::check_video(const at::Tensor& video) const {
  const VaeGeometry geometry = config_.geometry();
  check_shape("dc_ae_video: video", video,
              {{"B"}, {"C", config_.in_channels}, {"F"}, {"H"}, {"W"}});
  require(video.size(3) % geometry.stride_h == 0 && video.size(4) % geometry.stride_w == 0,
          "dc_ae_video: video is {}x{} pixels, rows and columns must be multiples of {}",
          video.size(3), video.size(4), geometry.stride_h);
  if (video.size(2) == 1) return video.repeat_interleave(geometry.stride_t, 2);
  check_frame_count("dc_ae_video: clip", video.size(2), geometry);
  return video;
}

at::Tensor DcAeVideoImpl::encode(const at::Tensor& video) {
  return run_in_chunks(encoder_, check_video(video), config_.chunk_frames);
}

at::Tensor DcAeVideoImpl::encode_whole(const at::Tensor& video) {
  return encoder_(volume_like_weights(check_video(video), *encoder_)).contiguous();
}

at::Tensor DcAeVideoImpl::decode(const at::Tensor& latents) {
  check_shape("dc_ae_video: latents", latents,
              {{"B"}, {"C", config_.latent_channels}, {"T"}, {"h"}, {"w"}});
  return run_in_chunks(decoder_, latents, config_.chunk_frames / config_.geometry().stride_t);
}

at::Tensor DcAeVideoImpl::decode_whole(const at::Tensor& latents) {
  check_shape("dc_ae_video: latents", latents,
              {{"B"}, {"C", config_.latent_channels}, {"T"}, {"h"}, {"w"}});
  return decoder_(volume_like_weights(latents, *decoder_)).contiguous();
}

at::Tensor DcAeVideoImpl::normalize(const at::Tensor& latents) const {
  return latents * scaling_of(config_, latents);
}

at::Tensor DcAeVideoImpl::denormalize(const at::Tensor& latents) const {
  return latents / scaling_of(config_, latents);
}

at::Tensor DcAeVideoImpl::encode_normalized(const at::Tensor& video) {
  return normalize(encode(video).to(at::kFloat));
}

at::Tensor DcAeVideoImpl::decode_normalized(const at::Tensor& latents) {
  return decode(denormalize(latents.to(at::kFloat)));
}

DcAeVideo build_dc_ae_video(const DcAeVideoConfig& config, const TensorMap& weights,
                            const std::string& what, c10::Device device, c10::ScalarType dtype) {
  DcAeVideo vae(config);
  adopt_state_dict(*vae, weights, device, dtype, what);
  return vae;
}

}  // namespace sana::model
