// all-MiniLM-L6-v2: the text encoder that comes with the program (scripts/setup.sh fetches it).
#pragma once
#include <c10/core/Device.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "model/text_encoder/bert.h"
#include "model/text_encoder/text_encoder.h"
#include "model/text_encoder/wordpiece_tokenizer.h"

namespace sana::model {

// The folder that holds the encoder's files: config.path; else $SANA_TEXT_ENCODER_DIR; else
// third_party/<name> in the source tree, two folders above the program, or beside it. Throws
// UserError that lists what is missing where and names scripts/setup.sh.
std::filesystem::path text_encoder_folder(const TextEncoderConfig& config);

class MiniLm : public TextEncoder {
 public:
  // Throws UserError when a file is missing, damaged or does not fit the others, or when max_tokens
  // exceeds the model's positions.
  MiniLm(const TextEncoderConfig& config, c10::Device device);

  // The last hidden state of every token, not pooled. Computed on the device in float32 without
  // gradients; features and mask are returned on the CPU.
  TextFeatures encode(const std::vector<std::string>& prompts) override;
  int64_t width() const override { return bert_config_.hidden_size; }
  int64_t max_tokens() const override { return config_.max_tokens; }
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
