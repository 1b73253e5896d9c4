// How much memory a text encoder needs, without its weights.
#pragma once
#include <cstdint>
#include <functional>

#include "model/text_encoder/text_encoder.h"

namespace sana::model {

struct EncoderMemory {
  int64_t weights = 0;      // bytes
  int64_t activations = 0;  // of one prompt of full length
};

// `peak_bytes` runs a function and tells the most memory that meta tensors in it took.
EncoderMemory text_encoder_memory(
    const TextEncoderConfig& config,
    const std::function<int64_t(const std::function<void()>&)>& peak_bytes);

}  // namespace sana::model
