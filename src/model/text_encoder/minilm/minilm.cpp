#include "model/text_encoder/minilm/minilm.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <system_error>

#include "core/error.h"
#include "core/hash.h"
#include "model/parameter.h"
#include "model/state_dict.h"

namespace sana::model {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeightsFile = "model.safetensors";
constexpr const char* kTorchWeightsFile = "pytorch_model.bin";
constexpr const char* kVocabularyFile = "vocab.txt";
constexpr const char* kBertConfigFile = "config.json";
constexpr size_t kPromptsAtOnce = 64;  // bounds the memory of long lists of prompts

// Drops what the checkpoint carries for other uses: the pooled sentence vector and a constant
// buffer. Anything else that does not fit stays an error.
TensorMap encoder_weights(TensorMap tensors) {
  for (const char* name : {"pooler.dense.weight", "pooler.dense.bias", "embeddings.position_ids"}) {
    tensors.erase(name);
  }
  return tensors;
}

// Without memory: whether the weights fit is asked first.
BertEncoder unfilled_encoder(const BertConfig& shape) {
  const UnfilledParameters unfilled;
  return BertEncoder(shape);
}

}  // namespace

std::string missing_minilm_files(const fs::path& folder) {
  std::string names;
  std::error_code ignored;
  for (const char* name : {kWeightsFile, kVocabularyFile, kBertConfigFile}) {
    if (fs::is_regular_file(folder / name, ignored)) continue;
    const bool has_other = fs::is_regular_file(folder / kTorchWeightsFile, ignored);
    if (name == kWeightsFile && has_other) continue;
    names += names.empty() ? name : std::string(", ") + name;
  }
  return names;
}

fs::path minilm_weights_file(const fs::path& folder) {
  std::error_code ignored;
  const fs::path usual = folder / kWeightsFile, torch_file = folder / kTorchWeightsFile;
  const bool is_torch_file =
      !fs::exists(usual, ignored) && fs::is_regular_file(torch_file, ignored);
  return is_torch_file ? torch_file : usual;
}

MiniLm::MiniLm(const TextEncoderConfig& config, const BertConfig& shape, const fs::path& folder,
               TensorMap weights, c10::Device device)
    : config_(config),
      folder_(folder),
      device_(device),
      bert_config_(shape),
      tokenizer_(folder_ / kVocabularyFile),
      bert_(unfilled_encoder(bert_config_)) {
  require(tokenizer_.vocabulary_size() == bert_config_.vocab_size,
          "{} has {} lines, but {} says vocab_size {}", kVocabularyFile,
          tokenizer_.vocabulary_size(), kBertConfigFile, bert_config_.vocab_size);
  adopt_state_dict(*bert_, encoder_weights(std::move(weights)), device_, at::kFloat,
                   minilm_weights_file(folder_).string());
}

PromptLength MiniLm::length_of(const std::string& prompt) const {
  constexpr int64_t kWhole = int64_t(1) << 31;
  return {static_cast<int64_t>(tokenizer_.encode(prompt, kWhole).size()), max_tokens()};
}

TextFeatures MiniLm::encode(const std::vector<std::string>& prompts) {
  const at::NoGradGuard no_grad;
  const auto count = static_cast<int64_t>(prompts.size());
  TextFeatures all{at::zeros({count, max_tokens(), width()}, at::kFloat),
                   at::zeros({count, max_tokens()}, at::kLong)};
  for (size_t begin = 0; begin < prompts.size(); begin += kPromptsAtOnce) {
    const size_t end = std::min(begin + kPromptsAtOnce, prompts.size());
    const TextFeatures batch = encode_batch(prompts, begin, end);
    const auto first = static_cast<int64_t>(begin), last = static_cast<int64_t>(end);
    all.features.slice(0, first, last).copy_(batch.features);
    all.mask.slice(0, first, last).copy_(batch.mask);
  }
  return all;
}

TextFeatures MiniLm::encode_batch(const std::vector<std::string>& prompts, size_t begin,
                                  size_t end) {
  const auto count = static_cast<int64_t>(end - begin);
  at::Tensor ids = at::full({count, max_tokens()}, tokenizer_.padding_id(), at::kLong);
  at::Tensor mask = at::zeros({count, max_tokens()}, at::kLong);
  for (int64_t row = 0; row < count; ++row) {
    const std::string& prompt = prompts[begin + static_cast<size_t>(row)];
    std::vector<int64_t> tokens = tokenizer_.encode(prompt, max_tokens());
    const auto length = static_cast<int64_t>(tokens.size());
    ids[row].narrow(0, 0, length).copy_(at::from_blob(tokens.data(), {length}, at::kLong));
    mask[row].narrow(0, 0, length).fill_(1);
  }
  const at::Tensor hidden = bert_(ids.to(device_), mask.to(device_)).to(at::kCPU);
  return {hidden * mask.unsqueeze(-1), mask};
}

std::string MiniLm::identity() const {
  std::call_once(hashed_, [&] {
    Hasher hasher;
    for (const fs::path& file :
         {minilm_weights_file(folder_), folder_ / kVocabularyFile, folder_ / kBertConfigFile}) {
      hasher.add(hash_file(file));
    }
    hasher.add(fmt::format("max_tokens={}", config_.max_tokens));
    identity_ = config_.name + ":" + hasher.hex();
  });
  return identity_;
}

}  // namespace sana::model
