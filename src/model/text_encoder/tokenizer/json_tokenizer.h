// tokenizer.json: the public tokenizers library's description of a BPE tokenizer.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/text_encoder/tokenizer/bpe.h"
#include "model/text_encoder/tokenizer/text_tokenizer.h"
#include "model/text_encoder/tokenizer/token_atoms.h"

namespace sana::model {

// One step of the normaliser; applied to every stretch of text between atoms.
struct TextReplacement {
  std::string pattern;  // empty: `content` is put in front of a text that is not empty
  std::string content;
};

class JsonTokenizer : public TextTokenizer {
 public:
  // Throws UserError that starts with `where` and names the key: not a BPE tokenizer, a part that
  // is not computed here (normalisers other than replacing and prepending a string, pre-tokenizers
  // that would split, dropout, affixes), ids or merges that do not fit.
  JsonTokenizer(const nlohmann::json& json, const std::string& where);

  std::vector<int64_t> encode(std::string_view text) const override;
  int64_t vocabulary_size() const override { return vocabulary_size_; }
  int64_t padding_id() const override { return padding_id_; }

 private:
  void read_added_tokens(const nlohmann::json& json);
  std::optional<int64_t> find_id(const std::string& piece) const;
  std::string normalized(std::string_view text) const;

  std::vector<TextReplacement> normalizer_;
  Bpe bpe_;
  Bpe::Vocabulary added_;
  TokenAtoms raw_atoms_;         // searched in the text as given
  TokenAtoms normalized_atoms_;  // searched in what the normaliser makes of it
  int64_t vocabulary_size_ = 0, first_id_ = 0, padding_id_ = 0;
};

}  // namespace sana::model
