#include "model/text_encoder/gemma2/gemma2_encoder.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/device.h"
#include "core/error.h"
#include "core/hash.h"
#include "model/state_dict.h"

namespace sana::model {
namespace {

namespace fs = std::filesystem;

constexpr const char* kGemma2ConfigFile = "config.json";
constexpr size_t kGemma2PromptsAtOnce = 16;  // bounds the memory of long lists of prompts

PromptStyle prompt_style(const TextEncoderConfig& config) {
  return {config.instruction, config.lowercase, config.motion_score, config.max_tokens};
}

Gemma2 load_gemma2(const TextEncoderConfig& config, Gemma2Config shape, const fs::path& file,
                   const TensorMap& weights, c10::Device device) {
  if (!config.softcap) shape.attn_logit_softcapping = 0.0;
  Gemma2 gemma(shape);
  adopt_state_dict(*gemma, gemma2_weights(weights), device,
                   parse_dtype(config.computed_precision()), file.string());
  return gemma;
}

// [B, L] each, L that of the longest prompt.
struct TokenBatch {
  at::Tensor ids, mask;
};

TokenBatch padded_batch(const std::vector<PromptTokens>& prompts, size_t begin, size_t end,
                        int64_t padding_id) {
  size_t length = 0;
  for (size_t i = begin; i < end; ++i) length = std::max(length, prompts[i].ids.size());
  const auto count = static_cast<int64_t>(end - begin), columns = static_cast<int64_t>(length);
  TokenBatch batch{at::full({count, columns}, padding_id, at::kLong),
                   at::zeros({count, columns}, at::kLong)};
  for (size_t i = begin; i < end; ++i) {
    const std::vector<int64_t>& ids = prompts[i].ids;
    const auto row = static_cast<int64_t>(i - begin);
    std::copy(ids.begin(), ids.end(), batch.ids[row].mutable_data_ptr<int64_t>());
    batch.mask[row].narrow(0, 0, static_cast<int64_t>(ids.size())).fill_(1);
  }
  return batch;
}

// Of hidden [L, E], row 0 and those of the prompt as far as they are no padding, to features [M, E]
// and mask [M].
void keep_rows(const at::Tensor& hidden, const PromptTokens& prompt, const at::Tensor& features,
               const at::Tensor& mask) {
  const auto length = static_cast<int64_t>(prompt.ids.size());
  const int64_t first = std::min(prompt.first_kept, length), kept = length - first;
  features[0].copy_(hidden[0]);
  features.narrow(0, 1, kept).copy_(hidden.narrow(0, first, kept));
  mask.narrow(0, 0, 1 + kept).fill_(1);
}

// Every .safetensors file of the folder, in the order of their names; `file` where there is none.
std::vector<fs::path> weight_files(const fs::path& folder, const fs::path& file) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) files.push_back(file);
  return files;
}

}  // namespace

Gemma2Encoder::Gemma2Encoder(const TextEncoderConfig& config, const Gemma2Config& shape,
                             const fs::path& folder, const fs::path& file, const TensorMap& weights,
                             c10::Device device)
    : config_(config),
      device_(device),
      folder_(folder),
      weights_file_(file),
      tokenizer_file_(find_tokenizer_file(folder_)),
      tokenizer_(open_text_tokenizer(tokenizer_file_)),
      prompts_(*tokenizer_, prompt_style(config)),
      gemma_(load_gemma2(config, shape, file, weights, device)) {
  require(tokenizer_->vocabulary_size() <= shape.vocab_size,
          "'{}' has {} tokens, but {} says vocab_size {}", tokenizer_file_.string(),
          tokenizer_->vocabulary_size(), (folder_ / kGemma2ConfigFile).string(), shape.vocab_size);
  require(prompts_.longest() <= shape.max_position_embeddings,
          "instruction and prompt may have {} tokens, but the text encoder has {} positions; lower "
          "text_encoder.max_tokens",
          prompts_.longest(), shape.max_position_embeddings);
}

TextFeatures Gemma2Encoder::encode(const std::vector<std::string>& prompts) {
  std::vector<PromptTokens> tokens;
  for (const std::string& prompt : prompts) tokens.push_back(prompts_.positive(prompt));
  return encode_all(tokens);
}

TextFeatures Gemma2Encoder::encode_negative(const std::vector<std::string>& prompts) {
  std::vector<PromptTokens> tokens;
  for (const std::string& prompt : prompts) tokens.push_back(prompts_.negative(prompt));
  return encode_all(tokens);
}

PromptLength Gemma2Encoder::length_of(const std::string& prompt) const {
  return prompts_.positive_length(prompt);
}

PromptLength Gemma2Encoder::length_of_negative(const std::string& prompt) const {
  return prompts_.negative_length(prompt);
}

TextFeatures Gemma2Encoder::encode_all(const std::vector<PromptTokens>& prompts) const {
  const at::NoGradGuard no_grad;
  const auto count = static_cast<int64_t>(prompts.size());
  TextFeatures all{at::zeros({count, max_tokens(), width()}, at::kFloat),
                   at::zeros({count, max_tokens()}, at::kLong)};
  for (size_t begin = 0; begin < prompts.size(); begin += kGemma2PromptsAtOnce) {
    encode_batch(prompts, begin, std::min(begin + kGemma2PromptsAtOnce, prompts.size()), all);
  }
  return all;
}

void Gemma2Encoder::encode_batch(const std::vector<PromptTokens>& prompts, size_t begin, size_t end,
                                 TextFeatures& out) const {
  const TokenBatch batch = padded_batch(prompts, begin, end, tokenizer_->padding_id());
  const at::Tensor hidden =
      gemma_->forward(batch.ids.to(device_), batch.mask.to(device_)).to(at::kCPU, at::kFloat);
  for (size_t i = begin; i < end; ++i) {
    const auto row = static_cast<int64_t>(i);
    keep_rows(hidden[row - static_cast<int64_t>(begin)], prompts[i], out.features[row],
              out.mask[row]);
  }
}

std::string Gemma2Encoder::identity() const {
  std::call_once(hashed_, [&] {
    Hasher hasher;
    for (const fs::path& file : weight_files(folder_, weights_file_))
      hasher.add(hash_file_sample(file));
    hasher.add(hash_file(folder_ / kGemma2ConfigFile));
    hasher.add(hash_file(tokenizer_file_));
    hasher.add(fmt::format("max_tokens={} lowercase={} softcap={} motion_score={} instruction=",
                           config_.max_tokens, config_.lowercase, config_.softcap,
                           config_.motion_score ? fmt::to_string(*config_.motion_score) : "none"));
    hasher.add(instruction_text(config_.instruction));
    identity_ = config_.name + ":" + hasher.hex();
  });
  return identity_;
}

}  // namespace sana::model
