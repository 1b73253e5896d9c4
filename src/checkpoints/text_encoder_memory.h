// How much memory a text encoder needs, without its weights.
#pragma once
#include <cstdint>

#include "model/text_encoder/text_encoder.h"

namespace sana::checkpoints {

struct EncoderMemory {
  int64_t weights = 0;      // bytes
  int64_t activations = 0;  // of one prompt of full length
};

// Throws UserError when the encoder's folder or configuration is not found.
EncoderMemory text_encoder_memory(const model::TextEncoderConfig& config);

}  // namespace sana::checkpoints
