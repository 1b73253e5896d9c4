// tokenizer.model: a SentencePiece BPE model, run by libsentencepiece.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/text_encoder/tokenizer/text_tokenizer.h"
#include "model/text_encoder/tokenizer/token_atoms.h"

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace sana::model {

class SentencePieceTokenizer : public TextTokenizer {
 public:
  // `bytes` of a tokenizer.model. Throws UserError that starts with `where` when it is damaged, is
  // no BPE model (see read_sentencepiece_model) or has no piece to begin a text with.
  SentencePieceTokenizer(std::string_view bytes, const std::string& where);
  ~SentencePieceTokenizer() override;

  // Control pieces are taken out of the text first, as the public tokenizers do; the library alone
  // reads their names as plain text.
  std::vector<int64_t> encode(std::string_view text) const override;
  int64_t vocabulary_size() const override;
  int64_t padding_id() const override { return padding_id_; }

 private:
  std::unique_ptr<sentencepiece::SentencePieceProcessor> processor_;
  TokenAtoms control_pieces_;
  int64_t first_id_ = 0, padding_id_ = 0;
};

}  // namespace sana::model
