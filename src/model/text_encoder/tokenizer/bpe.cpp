#include "model/text_encoder/tokenizer/bpe.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "core/error.h"

namespace sana::model {
namespace {

uint64_t pair_key(int64_t left, int64_t right) {
  return static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right);
}

int64_t id_or_none(const Bpe::Vocabulary& vocabulary, const std::string& piece) {
  const auto found = vocabulary.find(piece);
  return found == vocabulary.end() ? -1 : found->second;
}

}  // namespace

// A piece of the text so far, in a list by position.
struct Bpe::Symbol {
  int64_t id = 0;
  int previous = -1, next = -1;
  bool joined = false;  // it is now part of the symbol before it
};

// A pair that can be joined: the symbol at `left` and the one after it.
struct Bpe::Candidate {
  uint32_t rank = 0;
  int left = 0;
  int64_t id = 0;
  // A priority queue gives the greatest: lower rank, then further left.
  bool operator<(const Candidate& other) const {
    return std::pair(rank, left) > std::pair(other.rank, other.left);
  }
};

Bpe::Bpe(Vocabulary vocabulary, const Options& options)
    : vocabulary_(std::move(vocabulary)), options_(options) {
  if (!options.byte_fallback) return;
  for (int byte = 0; byte < 256; ++byte) {
    byte_ids_.push_back(id_or_none(vocabulary_, fmt::format("<0x{:02X}>", byte)));
  }
}

void Bpe::add_merge(const std::string& left, const std::string& right) {
  const int64_t left_id = id_or_none(vocabulary_, left);
  const int64_t right_id = id_or_none(vocabulary_, right);
  const int64_t joined = id_or_none(vocabulary_, left + right);
  require(left_id >= 0 && right_id >= 0 && joined >= 0,
          "the merge of \"{}\" and \"{}\" needs a piece that the vocabulary does not have", left,
          right);
  merges_[pair_key(left_id, right_id)] = {next_rank_++, joined};
}

const Bpe::Merge* Bpe::find_merge(int64_t left, int64_t right) const {
  const auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void Bpe::append_character(const std::string& character, std::vector<int64_t>& ids) const {
  if (const int64_t id = id_or_none(vocabulary_, character); id >= 0) {
    ids.push_back(id);
    return;
  }
  const auto byte_id = [&](char byte) { return byte_ids_[static_cast<uint8_t>(byte)]; };
  const bool has_bytes =
      !byte_ids_.empty() && std::all_of(character.begin(), character.end(),
                                        [&](char byte) { return byte_id(byte) >= 0; });
  if (has_bytes) {
    for (const char byte : character) ids.push_back(byte_id(byte));
  } else if (options_.unknown_id) {
    const bool fused = options_.fuse_unknown && !ids.empty() && ids.back() == *options_.unknown_id;
    if (!fused) ids.push_back(*options_.unknown_id);
  }
}

std::vector<int64_t> Bpe::characters(std::string_view text) const {
  std::vector<int64_t> ids;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin + 1;
    while (end < text.size() && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) ++end;
    append_character(std::string(text.substr(begin, end - begin)), ids);
    begin = end;
  }
  return ids;
}

void Bpe::encode(std::string_view text, std::vector<int64_t>& ids) const {
  std::vector<Symbol> symbols;
  for (const int64_t id : characters(text)) {
    const int index = static_cast<int>(symbols.size());
    symbols.push_back({id, index - 1, index + 1, false});
  }
  if (symbols.empty()) return;
  symbols.back().next = -1;

  std::priority_queue<Candidate> candidates;
  const auto consider = [&](int left) {
    if (left < 0 || symbols[left].next < 0) return;
    const Merge* merge = find_merge(symbols[left].id, symbols[symbols[left].next].id);
    if (merge != nullptr) candidates.push({merge->rank, left, merge->id});
  };
  for (int i = 0; i < static_cast<int>(symbols.size()); ++i) consider(i);
  while (!candidates.empty()) {
    const Candidate top = candidates.top();
    candidates.pop();
    Symbol& left = symbols[top.left];
    if (left.joined || left.next < 0) continue;
    Symbol& right = symbols[left.next];
    const Merge* merge = find_merge(left.id, right.id);
    if (merge == nullptr || merge->id != top.id) continue;  // one of the two has changed since
    left.id = top.id;
    left.next = right.next;
    right.joined = true;
    if (left.next >= 0) symbols[left.next].previous = top.left;
    consider(left.previous);
    consider(top.left);
  }
  for (int i = 0; i >= 0; i = symbols[i].next) ids.push_back(symbols[i].id);
}

}  // namespace sana::model
