// From a prompt to the tokens that SANA's text encoder reads, and to the rows of its output that
// condition the DiT.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/text_encoder/prompt_length.h"
#include "model/text_encoder/tokenizer/text_tokenizer.h"

namespace sana::model {

// How prompts are written. The defaults are those of the public diffusers pipeline; the original
// program has instruction "nvlabs" and keeps the case.
struct PromptStyle {
  std::string instruction = "diffusers_video";  // or "diffusers_image", "nvlabs", "none"
  bool lowercase = true;
  std::optional<int64_t> motion_score;  // " motion score: 30." behind the prompt
  int64_t max_tokens = 300;             // M, rows that condition the DiT
};

// The text that stands before a prompt; empty for "none". Throws UserError for another name.
std::string_view instruction_text(const std::string& name);

// What follows the instruction: the prompt with its motion score, without white space around it
// and, if the style says so, in lower case (as Python has it).
std::string positive_text(const std::string& prompt, const PromptStyle& style);
// The same without a motion score. No instruction stands before a negative prompt.
std::string negative_text(const std::string& prompt, const PromptStyle& style);

// Tokens of one prompt. Of the encoder's rows, the DiT gets row 0 and the M - 1 that begin at
// first_kept; those at or past ids.size() are padding.
struct PromptTokens {
  std::vector<int64_t> ids;
  int64_t first_kept = 1;
};

class PromptTokenizer {
 public:
  // The tokenizer must outlive this. Throws UserError for an unknown instruction.
  PromptTokenizer(const TextTokenizer& tokenizer, const PromptStyle& style);

  // Instruction and prompt, cut (at the end) to longest(). The instruction alone, with the token
  // that begins a text, has n tokens, the last of which, a lone space, melts into the prompt's
  // first word: so the prompt begins at n - 1, where the kept rows begin, and longest() is n + M
  // - 2.
  PromptTokens positive(const std::string& prompt) const;
  // Without instruction, cut to M; all M rows are kept.
  PromptTokens negative(const std::string& prompt) const;

  // How much of max_tokens a prompt asks for, before it is cut; the instruction is not counted.
  PromptLength positive_length(const std::string& prompt) const;
  PromptLength negative_length(const std::string& prompt) const;

  // Tokens of the longest text that is not cut.
  int64_t longest() const { return first_kept_ + style_.max_tokens - 1; }

 private:
  std::vector<int64_t> positive_ids(const std::string& prompt) const;
  std::vector<int64_t> negative_ids(const std::string& prompt) const;

  const TextTokenizer& tokenizer_;
  PromptStyle style_;
  int64_t first_kept_ = 1;
};

}  // namespace sana::model
