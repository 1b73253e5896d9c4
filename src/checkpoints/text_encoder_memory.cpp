#include "checkpoints/text_encoder_memory.h"

#include <ATen/ATen.h>

#include "checkpoints/public/bert_public.h"
#include "checkpoints/public/gemma2_public.h"
#include "checkpoints/text_encoder_source.h"
#include "core/device.h"
#include "core/memory/meta_memory.h"
#include "model/parameter.h"
#include "model/state_dict.h"
#include "model/text_encoder/gemma2/gemma2.h"
#include "model/text_encoder/gemma2/gemma2_encoder.h"
#include "model/text_encoder/minilm/bert.h"
#include "model/text_encoder/minilm/minilm.h"

namespace sana::checkpoints {
namespace {

// Longest instruction that stands before a prompt, in tokens, rounded up.
constexpr int64_t kInstructionTokens = 256;

EncoderMemory minilm_memory(const model::TextEncoderConfig& config) {
  const model::BertConfig shape = read_bert_config(minilm_folder(config) / "config.json");
  const model::UnfilledParameters unfilled;
  const model::BertEncoder bert(shape);
  // What it computes is small beside its weights: as much again for each token.
  return {model::count_parameters(*bert) * int64_t(sizeof(float)),
          config.max_tokens * shape.hidden_size * 64};
}

EncoderMemory gemma2_memory(const model::TextEncoderConfig& config) {
  const c10::ScalarType dtype = parse_dtype(config.computed_precision());
  const model::UnfilledParameters unfilled(at::kMeta, dtype);
  const model::Gemma2 gemma(read_gemma2_config(gemma2_folder(config) / "config.json"));
  const auto meta = at::TensorOptions().device(at::kMeta).dtype(at::kLong);
  const int64_t length = config.max_tokens + kInstructionTokens;
  const at::NoGradGuard no_grad;
  const int64_t activations = peak_meta_bytes([&] {
    gemma->forward(at::empty({1, length}, meta), at::empty({1, length}, meta));
  });
  return {model::count_parameters(*gemma) * int64_t(c10::elementSize(dtype)), activations};
}

}  // namespace

EncoderMemory text_encoder_memory(const model::TextEncoderConfig& config) {
  return config.name == model::kGemma2Name ? gemma2_memory(config) : minilm_memory(config);
}

}  // namespace sana::checkpoints
