// WordPiece: words to the longest pieces the vocabulary knows, as the public BertTokenizer does.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sana::model {

class WordPieceTokenizer {
 public:
  // vocab.txt: one piece per line, its number is its id. Throws UserError when the file cannot be
  // read, repeats a piece, or lacks [PAD], [UNK], [CLS], [SEP] or [MASK].
  explicit WordPieceTokenizer(const std::filesystem::path& vocabulary);

  int64_t vocabulary_size() const { return static_cast<int64_t>(ids_.size()); }
  int64_t padding_id() const { return padding_; }

  // [CLS] pieces [SEP], cut so that both fit into max_tokens (>= 2), not padded. Text is UTF-8;
  // malformed bytes are dropped. The literal names of the five special tokens stand for those
  // tokens, as in the public tokenizer.
  std::vector<int64_t> encode(std::string_view text, int64_t max_tokens) const;

 private:
  void append_text(std::string_view text, std::vector<int64_t>& ids) const;
  void append_word(std::u32string_view word, std::vector<int64_t>& ids) const;

  std::unordered_map<std::string, int64_t> ids_;
  int64_t padding_ = 0, unknown_ = 0, first_ = 0, last_ = 0;
};

}  // namespace sana::model
