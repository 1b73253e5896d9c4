// BERT's "basic tokenizer" for uncased models, code point for code point as the public one: clean,
// space CJK ideographs, decompose, strip accents, lower the case, split at spaces and punctuation.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace sana::model {

// Code points of UTF-8 text. Each byte that is not part of a well-formed sequence (overlong,
// surrogate, cut off, above U+10FFFF) becomes U+FFFD, which split_words drops.
std::u32string decode_utf8(std::string_view text);

std::string encode_utf8(std::u32string_view text);

// The words of a text, in order; punctuation marks and CJK ideographs are words of their own.
std::vector<std::u32string> split_words(std::u32string_view text);

}  // namespace sana::model
