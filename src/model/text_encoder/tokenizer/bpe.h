// Byte-pair encoding by a list of merges, as the public tokenizers library runs it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sana::model {

class Bpe {
 public:
  struct Options {
    bool byte_fallback = false;  // an unknown character becomes the pieces <0xNN> of its bytes
    bool fuse_unknown = false;   // neighbouring unknown characters become one unknown token
    std::optional<int64_t> unknown_id;  // none: unknown characters are left out
  };
  using Vocabulary = std::unordered_map<std::string, int64_t>;

  Bpe(Vocabulary vocabulary, const Options& options);

  // Adds the merge of next lower priority. Throws UserError when `left`, `right` or their
  // concatenation is no piece.
  void add_merge(const std::string& left, const std::string& right);

  // Appends the ids of well-formed UTF-8 text. Starts from characters and joins, as long as there
  // is any, the pair of highest priority, the leftmost at a tie.
  void encode(std::string_view text, std::vector<int64_t>& ids) const;

  const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  struct Merge {
    uint32_t rank = 0;
    int64_t id = 0;  // of the joined piece
  };
  struct Symbol;
  struct Candidate;

  const Merge* find_merge(int64_t left, int64_t right) const;
  std::vector<int64_t> characters(std::string_view text) const;
  void append_character(const std::string& character, std::vector<int64_t>& ids) const;

  Vocabulary vocabulary_;
  Options options_;
  std::vector<int64_t> byte_ids_;  // 256, or empty without byte fallback; -1: no such piece
  std::unordered_map<uint64_t, Merge> merges_;  // by left id << 32 | right id
  uint32_t next_rank_ = 0;
};

}  // namespace sana::model
