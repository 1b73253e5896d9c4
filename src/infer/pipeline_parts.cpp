#include "infer/pipeline_parts.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "checkpoints/public/transformer_public.h"
#include "checkpoints/text_encoder_source.h"
#include "core/device.h"
#include "core/error.h"
#include "core/hash.h"
#include "model/parameter.h"
#include "model/sana_image.h"
#include "model/state_dict.h"

namespace sana::infer {
namespace {

TensorMap mapped_tensors(const TensorList& list) {
  TensorMap tensors;
  for (const LazyTensor& tensor : list) tensors.emplace(tensor.name, tensor.load());
  return tensors;
}

// A module whose parameters are those of the checkpoint, moved to the device one at a time.
template <class Module, class Config>
Module load_module(const Config& config, const checkpoints::TransformerSource& source,
                   c10::Device device, c10::ScalarType dtype) {
  Module module{nullptr};
  {
    const model::UnfilledParameters unfilled;
    module = Module(config);
  }
  model::adopt_state_dict(*module, mapped_tensors(source.tensors), device, dtype,
                          source.layout.weights.string());
  module->eval();
  return module;
}

Denoiser load_denoiser(const checkpoints::TransformerSource& source, c10::Device device,
                       c10::ScalarType dtype) {
  const std::string where = source.layout.weights.string();
  if (source.config.is_video()) {
    const auto config = checkpoints::sana_video_config(source.config, where);
    return denoiser_of(load_module<model::SanaVideo>(config, source, device, dtype));
  }
  const auto config = checkpoints::sana_image_config(source.config, where);
  return denoiser_of(load_module<model::SanaImage>(config, source, device, dtype));
}

}  // namespace

PipelineParts::PipelineParts(const checkpoints::Checkpoint& checkpoint, c10::Device device,
                             c10::ScalarType dtype, c10::ScalarType vae_dtype)
    : checkpoint_(checkpoint), device_(device), dtype_(dtype), vae_dtype_(vae_dtype) {}

void PipelineParts::note_loaded() {
  const int64_t loaded =
      int64_t(text_encoder_ != nullptr) + int64_t(denoiser_.has_value()) + int64_t(vae_ != nullptr);
  most_loaded_ = std::max(most_loaded_, loaded);
}

model::TextEncoder& PipelineParts::text_encoder() {
  if (text_encoder_) return *text_encoder_;
  const checkpoints::PipelineConfig& pipeline = checkpoint_.pipeline;
  text_encoder_ = checkpoints::load_text_encoder(pipeline.text_encoder, device_);
  note_loaded();
  require(
      pipeline.text_encoder_identity.empty() ||
          pipeline.text_encoder_identity == text_encoder_->identity(),
      "{}: trained with text encoder {}, but this machine has {}; run scripts/setup.sh, or name "
      "the right folder with --text-encoder",
      checkpoint_.path.string(), pipeline.text_encoder_identity, text_encoder_->identity());
  require(text_encoder_->width() == checkpoint_.transformer.config.text_dim(),
          "{}: the text encoder gives {} features per token, the model was trained with {}",
          checkpoint_.path.string(), text_encoder_->width(),
          checkpoint_.transformer.config.text_dim());
  return *text_encoder_;
}

const Denoiser& PipelineParts::denoiser() {
  if (!denoiser_) denoiser_ = load_denoiser(checkpoint_.transformer, device_, dtype_);
  note_loaded();
  return *denoiser_;
}

model::VideoVae& PipelineParts::vae() {
  if (!vae_) vae_ = checkpoint_.vae.load(device_, vae_dtype_);
  note_loaded();
  return *vae_;
}

void PipelineParts::release_text_encoder() {
  text_encoder_.reset();
  release_cached_device_memory();
}

void PipelineParts::release_denoiser() {
  denoiser_.reset();
  release_cached_device_memory();
}

void PipelineParts::release_vae() {
  vae_.reset();
  release_cached_device_memory();
}

Denoiser denoiser_without_weights(const checkpoints::Checkpoint& checkpoint,
                                  c10::ScalarType dtype) {
  const model::UnfilledParameters unfilled(at::kMeta, dtype);
  const checkpoints::TransformerSource& source = checkpoint.transformer;
  const std::string where = source.layout.weights.string();
  if (source.config.is_video()) {
    return denoiser_of(model::SanaVideo(checkpoints::sana_video_config(source.config, where)));
  }
  return denoiser_of(model::SanaImage(checkpoints::sana_image_config(source.config, where)));
}

std::string weights_identity(const checkpoints::Checkpoint& checkpoint) {
  constexpr uintmax_t kHashedWhole = uintmax_t(256) << 20;
  Hasher hasher;
  for (const auto& file : checkpoint.transformer.file.files) {
    hasher.add(std::filesystem::file_size(file) <= kHashedWhole ? hash_file(file)
                                                                : hash_file_sample(file));
  }
  return hasher.hex();
}

}  // namespace sana::infer
