#include "model/text_encoder/gemma2/prompt.h"

#include <algorithm>

#include "core/error.h"
#include "model/text_encoder/tokenizer/text_case.h"

namespace sana::model {
namespace {

std::vector<int64_t> cut(std::vector<int64_t> ids, int64_t longest) {
  ids.resize(std::min(ids.size(), static_cast<size_t>(longest)));
  return ids;
}

}  // namespace

// diffusers strips the prompt together with its suffix, the original program before it adds one.
std::string positive_text(const std::string& prompt, const PromptStyle& style) {
  const std::string suffix =
      style.motion_score ? fmt::format(" motion score: {}.", *style.motion_score) : "";
  if (style.lowercase) return python_strip(python_lower(prompt + suffix));
  return python_strip(prompt) + suffix;
}

std::string negative_text(const std::string& prompt, const PromptStyle& style) {
  return python_strip(style.lowercase ? python_lower(prompt) : prompt);
}

PromptTokenizer::PromptTokenizer(const TextTokenizer& tokenizer, const PromptStyle& style)
    : tokenizer_(tokenizer), style_(style) {
  require(style.max_tokens >= 2, "max_tokens of the text encoder is {}, must be at least 2",
          style.max_tokens);
  const std::string_view instruction = instruction_text(style.instruction);
  if (instruction.empty()) return;
  first_kept_ = static_cast<int64_t>(tokenizer.encode(instruction).size()) - 1;
}

std::vector<int64_t> PromptTokenizer::positive_ids(const std::string& prompt) const {
  return tokenizer_.encode(std::string(instruction_text(style_.instruction)) +
                           positive_text(prompt, style_));
}

std::vector<int64_t> PromptTokenizer::negative_ids(const std::string& prompt) const {
  return tokenizer_.encode(negative_text(prompt, style_));
}

PromptTokens PromptTokenizer::positive(const std::string& prompt) const {
  return {cut(positive_ids(prompt), longest()), first_kept_};
}

PromptTokens PromptTokenizer::negative(const std::string& prompt) const {
  return {cut(negative_ids(prompt), style_.max_tokens), 1};
}

PromptLength PromptTokenizer::positive_length(const std::string& prompt) const {
  const auto tokens = static_cast<int64_t>(positive_ids(prompt).size());
  return {tokens - longest() + style_.max_tokens, style_.max_tokens};
}

PromptLength PromptTokenizer::negative_length(const std::string& prompt) const {
  return {static_cast<int64_t>(negative_ids(prompt).size()), style_.max_tokens};
}

}  // namespace sana::model
