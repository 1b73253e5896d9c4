// What the rest of the program needs of a text encoder, whatever its architecture.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config/checks.h"
#include "core/config/problems.h"
#include "model/text_encoder/prompt_length.h"

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
  // The same for what guidance leads away from, and for the caption that stands for "no caption" in
  // training: encoders that add something to a prompt leave it out.
  virtual TextFeatures encode_negative(const std::vector<std::string>& prompts) {
    return encode(prompts);
  }
  // How much of max_tokens() a prompt asks for: what lies beyond is cut off by encode() and
  // encode_negative().
  virtual PromptLength length_of(const std::string& prompt) const = 0;
  virtual PromptLength length_of_negative(const std::string& prompt) const {
    return length_of(prompt);
  }
  virtual int64_t width() const = 0;       // E
  virtual int64_t max_tokens() const = 0;  // L
  // Name and hash of weights, vocabulary and settings; caches and checkpoints record it.
  virtual std::string identity() const = 0;
};

inline constexpr const char* kMiniLmName = "all-MiniLM-L6-v2";
inline constexpr const char* kGemma2Name = "gemma-2-2b";

struct TextEncoderConfig {
  std::string name = kMiniLmName;
  std::string path;
  int64_t max_tokens = 64;  // L
  // Of gemma-2-2b; all-MiniLM-L6-v2 takes prompts as they are and is computed in float32.
  std::string instruction = "diffusers_video";
  bool lowercase = true;
  std::optional<int64_t> motion_score;
  bool softcap = true;
  std::string precision = "auto";

  template <class Binder>
  void bind(Binder& b) {
    b.field("name", name, "Which text encoder.", config::one_of({kMiniLmName, kGemma2Name}));
    b.field("path", path,
            "Folder of its weights; empty: where scripts/setup.sh puts it (all-MiniLM-L6-v2). For "
            "gemma-2-2b a diffusers folder of SANA, its text_encoder/, or gemma-2-2b-it.");
    b.field("max_tokens", max_tokens,
            "Tokens kept per prompt, padding included; public SANA checkpoints have 300.",
            config::between<int64_t>(2, 512));
    b.field(
        "instruction", instruction,
        "gemma-2-2b: what stands before a prompt, as in the public diffusers pipeline or in the "
        "original program.",
        config::one_of({"diffusers_video", "diffusers_image", "nvlabs", "none"}));
    b.field("lowercase", lowercase,
            "gemma-2-2b: prompts in lower case, as the diffusers pipeline has them; the original "
            "program does not.");
    b.field("motion_score", motion_score,
            "gemma-2-2b: appended to a prompt as \" motion score: 30.\".");
    b.field("softcap", softcap,
            "gemma-2-2b: caps attention scores, as the model is defined; some versions of the "
            "public implementation leave it out.");
    b.field("precision", precision,
            "In which it is computed; auto: gemma-2-2b in bfloat16, all-MiniLM-L6-v2 in float32, "
            "which knows no other.",
            config::one_of({"auto", "float32", "bfloat16"}));
  }
  // "float32" or "bfloat16".
  std::string computed_precision() const;
  // Settings of gemma-2-2b are refused for the other encoder, which would not heed them.
  void validate(config::Problems& problems) const;
};

}  // namespace sana::model
