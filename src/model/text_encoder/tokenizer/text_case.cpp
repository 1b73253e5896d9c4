#include "model/text_encoder/tokenizer/text_case.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "model/text_encoder/tokenizer/text_normalizer.h"

namespace sana::model {
namespace {

struct CaseRange {
  char32_t first;
  char32_t last;
};
struct LowerRun {
  char32_t first;
  char32_t last;
  int32_t step;
  int32_t distance;
};

#include "model/text_encoder/tokenizer/case_tables.inc"

// The row whose range holds `code`, or nullptr.
template <class Row, size_t kSize>
const Row* row_of(const Row (&table)[kSize], char32_t code) {
  const auto after = [](char32_t value, const Row& row) { return value < row.first; };
  const Row* next = std::upper_bound(std::begin(table), std::end(table), code, after);
  if (next == std::begin(table) || code > (next - 1)->last) return nullptr;
  return next - 1;
}

char32_t lowered(char32_t code) {
  const LowerRun* run = row_of(kLowerRuns, code);
  if (run == nullptr || (code - run->first) % static_cast<char32_t>(run->step) != 0) return code;
  return static_cast<char32_t>(static_cast<int32_t>(code) + run->distance);
}

// Whether the first of [begin, end) that the rule does not look through is a letter with case.
template <class Iterator>
bool meets_cased(Iterator begin, Iterator end) {
  const auto stop = std::find_if(
      begin, end, [](char32_t code) { return row_of(kCaseIgnorable, code) == nullptr; });
  return stop != end && row_of(kCased, *stop) != nullptr;
}

bool ends_word(std::u32string_view text, size_t at) {
  const auto before = std::make_reverse_iterator(text.begin() + static_cast<ptrdiff_t>(at));
  return meets_cased(before, text.rend()) &&
         !meets_cased(text.begin() + static_cast<ptrdiff_t>(at) + 1, text.end());
}

}  // namespace

std::string python_lower(std::string_view text) {
  constexpr char32_t kSigma = 0x3A3, kFinalSigma = 0x3C2, kDottedI = 0x130;
  const std::u32string codes = decode_utf8(text);
  std::u32string out;
  for (size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] == kDottedI) {
      out += U"i\u0307";
    } else if (codes[i] == kSigma && ends_word(codes, i)) {
      out += kFinalSigma;
    } else {
      out += lowered(codes[i]);
    }
  }
  return encode_utf8(out);
}

std::string python_strip(std::string_view text) {
  const std::u32string codes = decode_utf8(text);
  const auto is_text = [](char32_t code) { return row_of(kSpaces, code) == nullptr; };
  const auto begin = std::find_if(codes.begin(), codes.end(), is_text);
  const auto end = std::find_if(codes.rbegin(), std::make_reverse_iterator(begin), is_text).base();
  return encode_utf8(std::u32string(begin, end));
}

}  // namespace sana::model
