#include "model/text_encoder/encoder_memory.h"

#include <ATen/ATen.h>

#include "core/device.h"
#include "model/parameter.h"
#include "model/state_dict.h"
#include "model/text_encoder/bert.h"
#include "model/text_encoder/encoder_folder.h"
#include "model/text_encoder/gemma2.h"
#include "model/text_encoder/gemma2_encoder.h"
#include "model/text_encoder/minilm.h"

namespace sana::model {
namespace {

// Longest instruction that stands before a prompt, in tokens, rounded up.
constexpr int64_t kInstructionTokens = 256;

EncoderMemory minilm_memory(const TextEncoderConfig& config) {
  const BertConfig shape = read_bert_config(text_encoder_folder(config) / "config.json");
  const UnfilledParameters unfilled;
  const BertEncoder bert(shape);
  // What it computes is small beside its weights: as much again for each token.
  return {count_parameters(*bert) * int64_t(sizeof(float)),
          config.max_tokens * shape.hidden_size * 64};
}

EncoderMemory gemma2_memory(
    const TextEncoderConfig& config,
    const std::function<int64_t(const std::function<void()>&)>& peak_bytes) {
  const c10::ScalarType dtype = parse_dtype(config.precision);
  const UnfilledParameters unfilled(at::kMeta, dtype);
  const Gemma2 gemma(read_gemma2_config(gemma2_folder(config) / "config.json"));
  const auto meta = at::TensorOptions().device(at::kMeta).dtype(at::kLong);
  const int64_t length = config.max_tokens + kInstructionTokens;
  const at::NoGradGuard no_grad;
  const int64_t activations = peak_bytes([&] {
    gemma->forward(at::empty({1, length}, meta), at::empty({1, length}, meta));
  });
  return {count_parameters(*gemma) * int64_t(c10::elementSize(dtype)), activations};
}

}  // namespace

EncoderMemory text_encoder_memory(
    const TextEncoderConfig& config,
    const std::function<int64_t(const std::function<void()>&)>& peak_bytes) {
  return config.name == kGemma2Name ? gemma2_memory(config, peak_bytes) : minilm_memory(config);
}

}  // namespace sana::model
