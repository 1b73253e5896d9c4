// The VAE and the text encoder that make latents of clips, for `prepare` and for training on clips
// that are not prepared.
#pragma once
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <memory>

#include "checkpoints/vae_source.h"
#include "data/prepared/prepare.h"
#include "model/text_encoder/text_encoder.h"

namespace sana::data {

class DataEncoders {
 public:
  // Reads the weights. Throws UserError when some are missing or damaged.
  DataEncoders(const checkpoints::VaeSource& vae, c10::ScalarType vae_dtype,
               const model::TextEncoderConfig& text_encoder, c10::Device device);

  // As the data folder, which knows no model, wants them. They share the encoders' ownership.
  Encoders functions() const;

  // For whoever decodes what they encode.
  std::shared_ptr<model::VideoVae> vae() const;

 private:
  struct Loaded;
  std::shared_ptr<const Loaded> loaded_;
};

}  // namespace sana::data
