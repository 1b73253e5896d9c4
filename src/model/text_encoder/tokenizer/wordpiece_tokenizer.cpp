#include "model/text_encoder/tokenizer/wordpiece_tokenizer.h"

#include <algorithm>

#include "core/error.h"
#include "core/files.h"
#include "model/text_encoder/tokenizer/text_normalizer.h"

namespace sana::model {
namespace {

constexpr std::string_view kSpecialTokens[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
constexpr size_t kLongestWord = 100;  // code points; longer words are unknown

std::unordered_map<std::string, int64_t> read_vocabulary(const std::filesystem::path& path) {
  const std::string text = read_text_file(path, kMaxTokenizerBytes);
  std::unordered_map<std::string, int64_t> ids;
  int64_t line = 0;
  for (size_t begin = 0; begin < text.size(); ++line) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string piece = text.substr(begin, end - begin);
    if (!piece.empty() && piece.back() == '\r') piece.pop_back();
    const bool is_new = ids.emplace(piece, line).second;
    require(is_new, "{}:{}: the piece \"{}\" stands there a second time", path.string(), line + 1,
            piece);
    begin = end + 1;
  }
  for (const std::string_view name : kSpecialTokens) {
    require(ids.count(std::string(name)) != 0, "{}: {} is missing, so this is no BERT vocabulary",
            path.string(), name);
  }
  return ids;
}

// The special token that `text` starts with, or an empty name.
std::string_view leading_special_token(std::string_view text) {
  for (const std::string_view name : kSpecialTokens) {
    if (text.starts_with(name)) return name;
  }
  return {};
}

}  // namespace

WordPieceTokenizer::WordPieceTokenizer(const std::filesystem::path& vocabulary)
    : ids_(read_vocabulary(vocabulary)),
      padding_(ids_.at("[PAD]")),
      unknown_(ids_.at("[UNK]")),
      first_(ids_.at("[CLS]")),
      last_(ids_.at("[SEP]")) {}

std::vector<int64_t> WordPieceTokenizer::encode(std::string_view text, int64_t max_tokens) const {
  SANA_ASSERT(max_tokens >= 2);
  std::vector<int64_t> ids = {first_};
  size_t begin = 0;
  for (size_t at = text.find('['); at != std::string_view::npos; at = text.find('[', at)) {
    const std::string_view special = leading_special_token(text.substr(at));
    if (special.empty()) {
      ++at;
      continue;
    }
    append_text(text.substr(begin, at - begin), ids);
    ids.push_back(ids_.at(std::string(special)));
    begin = at += special.size();
  }
  append_text(text.substr(begin), ids);
  if (static_cast<int64_t>(ids.size()) >= max_tokens) ids.resize(max_tokens - 1);
  ids.push_back(last_);
  return ids;
}

void WordPieceTokenizer::append_text(std::string_view text, std::vector<int64_t>& ids) const {
  for (const std::u32string& word : split_words(decode_utf8(text))) append_word(word, ids);
}

// Greedy: the longest piece that the vocabulary knows, then the longest of the rest after "##".
void WordPieceTokenizer::append_word(std::u32string_view word, std::vector<int64_t>& ids) const {
  if (word.size() > kLongestWord) {
    ids.push_back(unknown_);
    return;
  }
  const size_t before = ids.size();
  for (size_t begin = 0; begin < word.size();) {
    size_t length = word.size() - begin;
    for (; length > 0; --length) {
      const std::string piece = encode_utf8(word.substr(begin, length));
      const auto found = ids_.find(begin == 0 ? piece : "##" + piece);
      if (found == ids_.end()) continue;
      ids.push_back(found->second);
      break;
    }
    if (length == 0) {  // no piece fits: the whole word is unknown
      ids.resize(before);
      ids.push_back(unknown_);
      return;
    }
    begin += length;
  }
}

}  // namespace sana::model
