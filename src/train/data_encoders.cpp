#include "train/data_encoders.h"

#include <utility>
#include <vector>

#include "model/vae/wan_vae.h"

namespace sana::train {
namespace {

std::pair<at::Tensor, at::Tensor> on_cpu(const model::TextFeatures& text) {
  return {text.features.to(at::kCPU), text.mask.to(at::kCPU)};
}

}  // namespace

struct DataEncoders::Loaded {
  c10::Device device;
  std::unique_ptr<model::VideoVae> vae;
  std::unique_ptr<model::TextEncoder> text;
};

DataEncoders::DataEncoders(const std::string& vae, c10::ScalarType vae_dtype,
                           const model::TextEncoderConfig& text_encoder, c10::Device device)
    : loaded_(std::make_shared<Loaded>(
          Loaded{device, model::make_video_vae(model::load_wan_vae(vae), device, vae_dtype),
                 model::load_text_encoder(text_encoder, device)})) {}

data::Encoders DataEncoders::functions() const {
  const auto loaded = loaded_;
  const model::VaeGeometry geometry = loaded->vae->geometry();
  data::Encoders encoders;
  encoders.latents = [loaded](const at::Tensor& video) {
    return loaded->vae->encode(video.to(loaded->device)).to(at::kCPU, at::kFloat);
  };
  encoders.text = [loaded](const std::vector<std::string>& prompts) {
    return on_cpu(loaded->text->encode(prompts));
  };
  encoders.negative_text = [loaded](const std::vector<std::string>& prompts) {
    return on_cpu(loaded->text->encode_negative(prompts));
  };
  encoders.vae_identity = loaded->vae->identity();
  encoders.text_identity = loaded->text->identity();
  encoders.temporal_stride = geometry.stride_t;
  encoders.spatial_stride = geometry.stride_h;
  encoders.latent_channels = geometry.latent_channels;
  return encoders;
}

}  // namespace sana::train
