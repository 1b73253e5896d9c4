#include "data/encoding/data_encoders.h"

#include <utility>
#include <vector>

#include "checkpoints/text_encoder_source.h"

namespace sana::data {
namespace {

std::pair<at::Tensor, at::Tensor> on_cpu(const model::TextFeatures& text) {
  return {text.features.to(at::kCPU), text.mask.to(at::kCPU)};
}

}  // namespace

VaeRule vae_rule(const checkpoints::VaeSource& vae) {
  return {.vae = vae.name,
          .temporal_stride = vae.geometry.stride_t,
          .first_frame_alone = vae.geometry.first_frame_alone,
          .spatial_stride = vae.geometry.stride_h};
}

struct DataEncoders::Loaded {
  c10::Device device;
  VaeRule rule;
  std::unique_ptr<model::VideoVae> vae;
  std::unique_ptr<model::TextEncoder> text;
};

DataEncoders::DataEncoders(const checkpoints::VaeSource& vae, c10::ScalarType vae_dtype,
                           const model::TextEncoderConfig& text_encoder, c10::Device device)
    : loaded_(
          std::make_shared<Loaded>(Loaded{device, vae_rule(vae), vae.load(device, vae_dtype),
                                          checkpoints::load_text_encoder(text_encoder, device)})) {}

Encoders DataEncoders::functions() const {
  const auto loaded = loaded_;
  Encoders encoders;
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
  encoders.rule = loaded->rule;
  encoders.latent_channels = loaded->vae->geometry().latent_channels;
  return encoders;
}

}  // namespace sana::data
