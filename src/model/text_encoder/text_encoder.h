// What the rest of the program needs of a text encoder, whatever its architecture.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/config/checks.h"

namespace sana::model {

// Conditions for the DiT: features [B, L, E] float32 (rows of padding are zero) and mask [B, L]
// int64, 1 = real token.
struct TextFeatures {
  at::Tensor features;
  at::Tensor mask;
};

class TextEncoder {
 public:
  virtual ~TextEncoder() = default;
  // Over-long prompts are cut to max_tokens(); the empty prompt is valid. L = max_tokens().
  virtual TextFeatures encode(const std::vector<std::string>& prompts) = 0;
  virtual int64_t width() const = 0;       // E
  virtual int64_t max_tokens() const = 0;  // L
  // Name and hash of weights, vocabulary and settings; caches and checkpoints record it.
  virtual std::string identity() const = 0;
};

struct TextEncoderConfig {
  std::string name = "all-MiniLM-L6-v2";
  std::string path;         // empty: third_party/<name>, where scripts/setup.sh puts it
  int64_t max_tokens = 64;  // L

  template <class Binder>
  void bind(Binder& b) {
    b.field("name", name, "Which text encoder.", config::one_of({"all-MiniLM-L6-v2"}));
    b.field("path", path, "Folder of its weights; empty: where scripts/setup.sh puts it.");
    b.field("max_tokens", max_tokens, "Tokens kept per prompt, padding included.",
            config::between<int64_t>(2, 512));
  }
};

// Opens the encoder on a device. Throws UserError when its files are missing (names
// scripts/setup.sh) or damaged.
std::unique_ptr<TextEncoder> load_text_encoder(const TextEncoderConfig& config, c10::Device device);

}  // namespace sana::model
