// all-MiniLM-L6-v2: the text encoder that comes with the program (scripts/setup.sh fetches it).
#pragma once
#include <c10/core/Device.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "core/safetensors.h"
#include "model/text_encoder/minilm/bert.h"
#include "model/text_encoder/text_encoder.h"
#include "model/text_encoder/tokenizer/wordpiece_tokenizer.h"

namespace sana::model {

// Which of the encoder's files a folder lacks, with commas between; empty: none.
std::string missing_minilm_files(const std::filesystem::path& folder);

// Its file of weights: model.safetensors, or pytorch_model.bin where there is no other.
std::filesystem::path minilm_weights_file(const std::filesystem::path& folder);

class MiniLm : public TextEncoder {
 public:
  // `folder`: of config.json, whose content is `shape`, vocabulary and weights, which are `weights`.
  // max_tokens is no more than the model's positions. Throws UserError when a file is missing,
  // damaged or does not fit the others; nothing is allocated before shape and weights fit.
  MiniLm(const TextEncoderConfig& config, const BertConfig& shape,
         const std::filesystem::path& folder, TensorMap weights, c10::Device device);

  // The last hidden state of every token, not pooled. Computed on the device in float32 without
  // gradients; features and mask are returned on the CPU.
  TextFeatures encode(const std::vector<std::string>& prompts) override;
  int64_t width() const override { return bert_config_.hidden_size; }
  int64_t max_tokens() const override { return config_.max_tokens; }
  PromptLength length_of(const std::string& prompt) const override;
  // "<name>:<40 hexadecimal digits>"; hashes the files at the first call.
  std::string identity() const override;

 private:
  TextFeatures encode_batch(const std::vector<std::string>& prompts, size_t begin, size_t end);

  TextEncoderConfig config_;
  std::filesystem::path folder_;
  c10::Device device_;
  BertConfig bert_config_;
  WordPieceTokenizer tokenizer_;
  BertEncoder bert_;
  mutable std::once_flag hashed_;
  mutable std::string identity_;
};

}  // namespace sana::model
