// SANA's own text encoder: prompts with an instruction before them, through Gemma-2.
#pragma once
#include <c10/core/Device.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/safetensors.h"
#include "model/text_encoder/gemma2/gemma2.h"
#include "model/text_encoder/gemma2/prompt.h"
#include "model/text_encoder/text_encoder.h"
#include "model/text_encoder/tokenizer/text_tokenizer.h"

namespace sana::model {

class Gemma2Encoder : public TextEncoder {
 public:
  // `folder`: of config.json, whose content is `shape`; `file`: the file or index in it that
  // `weights` are of; the tokenizer lies there or beside it. On the CPU in the weights' own dtype
  // they stay mapped from their files; on another device they are moved one at a time. Throws
  // UserError when files are missing, damaged or do not fit each other.
  Gemma2Encoder(const TextEncoderConfig& config, const Gemma2Config& shape,
                const std::filesystem::path& folder, const std::filesystem::path& file,
                const TensorMap& weights, c10::Device device);

  // Hidden states of the last norm, computed on the device in config.computed_precision(). Only as many
  // positions as the longest of the prompts has are computed: what follows is padding, which no
  // earlier position sees.
  TextFeatures encode(const std::vector<std::string>& prompts) override;
  // Without instruction and motion score.
  TextFeatures encode_negative(const std::vector<std::string>& prompts) override;
  int64_t width() const override { return gemma_->config().hidden_size; }
  int64_t max_tokens() const override { return config_.max_tokens; }
  PromptLength length_of(const std::string& prompt) const override;
  PromptLength length_of_negative(const std::string& prompt) const override;
  // "<name>:<40 hexadecimal digits>" of weights, tokenizer and settings, not of the precision. Of
  // weight files, headers and a sample of blocks are hashed (hash_file_sample).
  std::string identity() const override;

 private:
  TextFeatures encode_all(const std::vector<PromptTokens>& prompts) const;
  void encode_batch(const std::vector<PromptTokens>& prompts, size_t begin, size_t end,
                    TextFeatures& out) const;

  TextEncoderConfig config_;
  c10::Device device_;
  std::filesystem::path folder_;  // of config.json and the weights
  std::filesystem::path weights_file_;
  std::filesystem::path tokenizer_file_;
  std::unique_ptr<TextTokenizer> tokenizer_;
  PromptTokenizer prompts_;
  Gemma2 gemma_;
  mutable std::once_flag hashed_;
  mutable std::string identity_;
};

}  // namespace sana::model
