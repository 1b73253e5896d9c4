// Text to token ids for decoders of the Gemma family, whichever file describes the vocabulary.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace sana::model {

class TextTokenizer {
 public:
  virtual ~TextTokenizer() = default;
  // The beginning-of-sequence id and the pieces of UTF-8 text; no end, no padding. Each malformed
  // byte is read as U+FFFD. Names of control tokens in the text ("<eos>") stand for those tokens.
  virtual std::vector<int64_t> encode(std::string_view text) const = 0;
  // One more than the highest id.
  virtual int64_t vocabulary_size() const = 0;
  // The piece "<pad>", or 0 where there is none: padding is masked, its id only has to exist.
  virtual int64_t padding_id() const = 0;
};

// The tokenizer file of a model folder: tokenizer.model, else tokenizer.json, in the folder's
// tokenizer/, in its text_encoder/, in itself, or in a tokenizer/ beside it. Throws UserError
// listing those places when there is none.
std::filesystem::path find_tokenizer_file(const std::filesystem::path& folder);

// Opens such a file. Throws UserError when it is damaged or describes a tokenizer that this program
// does not have.
std::unique_ptr<TextTokenizer> open_text_tokenizer(const std::filesystem::path& file);

}  // namespace sana::model
