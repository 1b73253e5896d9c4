#include "data/encoding/data_encoders.h"

#include <string>
#include <utility>
#include <vector>

#include "checkpoints/text_encoder_source.h"

namespace sana::data {
namespace {

std::pair<at::Tensor, at::Tensor> on_cpu(const model::TextFeatures& text) {
  return {text.features.to(at::kCPU), text.mask.to(at::kCPU)};
}

}  // namespace

struct DataEncoders::Loaded {
  c10::Device device;
  std::string vae_name;
  VaeGeometry geometry;
  std::shared_ptr<model::VideoVae> vae;
  std::unique_ptr<model::TextEncoder> text;
};

DataEncoders::DataEncoders(const checkpoints::VaeSource& vae, c10::ScalarType vae_dtype,
                           const model::TextEncoderConfig& text_encoder, c10::Device device)
    : loaded_(std::make_shared<Loaded>(
          Loaded{device, vae.name, vae.geometry, vae.load(device, vae_dtype),
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
  encoders.num_tokens = [loaded](const std::string& prompt) {
    return loaded->text->length_of(prompt).tokens;
  };
  encoders.max_tokens = loaded->text->max_tokens();
  encoders.vae_identity = loaded->vae->identity();
  encoders.text_identity = loaded->text->identity();
  encoders.vae_name = loaded->vae_name;
  encoders.geometry = loaded->geometry;
  return encoders;
}

std::shared_ptr<model::VideoVae> DataEncoders::vae() const { return loaded_->vae; }

}  // namespace sana::data
