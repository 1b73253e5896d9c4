#include "model/text_encoder/tokenizer/text_normalizer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

namespace sana::model {
namespace {

struct CodeRange {
  char32_t first;
  char32_t last;
};
struct OrderRange {
  char32_t first;
  char32_t last;
  uint8_t order;
};
struct CodePair {
  char32_t first;
  char32_t to;
};
struct Decomposition {
  char32_t first;
  char32_t to[4];  // zeros at the end
};

#include "model/text_encoder/tokenizer/unicode_tables.inc"

// The last row that begins at or before `code`, or nullptr.
template <class Row, size_t kSize>
const Row* row_before(const Row (&table)[kSize], char32_t code) {
  const auto after = [](char32_t value, const Row& row) { return value < row.first; };
  const Row* next = std::upper_bound(std::begin(table), std::end(table), code, after);
  return next == std::begin(table) ? nullptr : next - 1;
}

template <size_t kSize>
bool within(const CodeRange (&table)[kSize], char32_t code) {
  const CodeRange* range = row_before(table, code);
  return range != nullptr && code <= range->last;
}

int combining_class(char32_t code) {
  const OrderRange* range = row_before(kCombiningClasses, code);
  return range != nullptr && code <= range->last ? range->order : 0;
}

char32_t lower_case(char32_t code) {
  const CodePair* pair = row_before(kLowerCases, code);
  return pair != nullptr && pair->first == code ? pair->to : code;
}

// Hangul syllables by arithmetic (Unicode 3.12), everything else by table.
void append_decomposed(std::u32string& out, char32_t code) {
  constexpr char32_t kSyllables = 0xAC00, kLeads = 0x1100, kVowels = 0x1161, kTails = 0x11A7;
  if (code >= kSyllables && code < kSyllables + 11172) {
    const char32_t index = code - kSyllables;
    out += kLeads + index / 588;
    out += kVowels + index % 588 / 28;
    if (index % 28 != 0) out += kTails + index % 28;
    return;
  }
  const Decomposition* row = row_before(kDecompositions, code);
  if (row == nullptr || row->first != code) {
    out += code;
    return;
  }
  for (const char32_t part : row->to) {
    if (part != 0) out += part;
  }
}

// Canonical order: marks between two characters of class 0 sort by class, equal ones stay.
void sort_marks(std::u32string& text) {
  const auto is_base = [](char32_t code) { return combining_class(code) == 0; };
  const auto before = [](char32_t a, char32_t b) {
    return combining_class(a) < combining_class(b);
  };
  for (auto begin = text.begin(); begin != text.end();) {
    const auto end = std::find_if(begin, text.end(), is_base);
    std::stable_sort(begin, end, before);
    begin = end == text.end() ? end : end + 1;
  }
}

std::u32string clean(std::u32string_view text) {
  std::u32string out;
  for (const char32_t code : text) {
    if (within(kRemoved, code)) continue;
    if (within(kWhitespace, code)) {
      out += U' ';
    } else if (within(kIdeographs, code)) {
      out += {U' ', code, U' '};
    } else {
      out += code;
    }
  }
  return out;
}

std::u32string fold(std::u32string_view text) {
  std::u32string out;
  for (const char32_t code : text) append_decomposed(out, code);
  sort_marks(out);
  std::erase_if(out, [](char32_t code) { return within(kAccents, code); });
  std::transform(out.begin(), out.end(), out.begin(), lower_case);
  return out;
}

// Length of the well-formed UTF-8 sequence at the front of `text`, 0 if there is none; its value
// goes to `code`.
size_t read_sequence(std::string_view text, char32_t& code) {
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t length = lead < 0x80   ? 1
                        : lead < 0xC2 ? 0
                        : lead < 0xE0 ? 2
                        : lead < 0xF0 ? 3
                        : lead < 0xF5 ? 4
                                      : 0;
  if (length == 0 || length > text.size()) return 0;
  code = length == 1 ? lead : lead & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<uint8_t>(text[i]);
    if ((next & 0xC0) != 0x80) return 0;
    code = (code << 6) | (next & 0x3F);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < kSmallest[length] || code > 0x10FFFF || surrogate ? 0 : length;
}

}  // namespace

std::u32string decode_utf8(std::string_view text) {
  std::u32string out;
  while (!text.empty()) {
    char32_t code = 0;
    const size_t length = read_sequence(text, code);
    out += length == 0 ? char32_t{0xFFFD} : code;
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

std::string encode_utf8(std::u32string_view text) {
  std::string out;
  for (const char32_t code : text) {
    const auto continuation = [&](int shift) {
      out += static_cast<char>(0x80 | ((code >> shift) & 0x3F));
    };
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xC0 | (code >> 6));
      continuation(0);
    } else if (code < 0x10000) {
      out += static_cast<char>(0xE0 | (code >> 12));
      continuation(6);
      continuation(0);
    } else {
      out += static_cast<char>(0xF0 | (code >> 18));
      continuation(12);
      continuation(6);
      continuation(0);
    }
  }
  return out;
}

std::vector<std::u32string> split_words(std::u32string_view text) {
  std::vector<std::u32string> words;
  std::u32string word;
  const auto finish = [&] {
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (const char32_t code : fold(clean(text))) {
    if (code == U' ') {
      finish();
    } else if (within(kPunctuation, code)) {
      finish();
      words.emplace_back(1, code);
    } else {
      word += code;
    }
  }
  finish();
  return words;
}

}  // namespace sana::model
