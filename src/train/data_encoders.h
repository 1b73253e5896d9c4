// The VAE and the text encoder that make latents of clips, for `prepare` and for training on clips
// that are not prepared.
#pragma once
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <memory>
#include <string>

#include "data/prepare.h"
#include "model/text_encoder/text_encoder.h"
#include "model/vae/video_vae.h"

namespace sana::train {

class DataEncoders {
 public:
  // Throws UserError when one of them is missing or damaged.
  DataEncoders(const std::string& vae, c10::ScalarType vae_dtype,
               const model::TextEncoderConfig& text_encoder, c10::Device device);

  // As the data folder, which knows no model, wants them. They share the encoders' ownership.
  data::Encoders functions() const;

 private:
  struct Loaded;
  std::shared_ptr<const Loaded> loaded_;
};

}  // namespace sana::train
