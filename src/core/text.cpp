#include "core/text.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "core/error.h"
#include "core/files.h"

namespace sana {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";
constexpr std::string_view kLittleEndianMark = "\xff\xfe";
constexpr std::string_view kBigEndianMark = "\xfe\xff";

// Bytes of the character that `bytes` begins with; 0 when it begins with none.
size_t character_length(std::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || bytes.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what lies above U+10FFFF.
  const unsigned char second = byte(1);
  const bool wrong = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
                     (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f);
  return wrong ? 0 : length;
}

void append_utf8(std::string& text, uint32_t code) {
  if (code < 0x80) {
    text += char(code);
  } else if (code < 0x800) {
    text += char(0xc0 | code >> 6);
    text += char(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    text += char(0xe0 | code >> 12);
    text += char(0x80 | (code >> 6 & 0x3f));
    text += char(0x80 | (code & 0x3f));
  } else {
    text += char(0xf0 | code >> 18);
    text += char(0x80 | (code >> 12 & 0x3f));
    text += char(0x80 | (code >> 6 & 0x3f));
    text += char(0x80 | (code & 0x3f));
  }
}

// `bytes` without the mark.
std::string from_utf16(std::string_view bytes, bool big_endian, const std::string& what) {
  require(bytes.size() % 2 == 0, "{} is UTF-16, and its last character is cut off", what);
  const auto unit = [&](size_t i) -> uint32_t {
    const auto a = static_cast<unsigned char>(bytes[2 * i]);
    const auto b = static_cast<unsigned char>(bytes[2 * i + 1]);
    return big_endian ? a << 8 | b : b << 8 | a;
  };
  std::string text;
  const size_t count = bytes.size() / 2;
  for (size_t i = 0; i < count; ++i) {
    uint32_t code = unit(i);
    if (code >= 0xd800 && code < 0xe000) {
      const bool is_pair = code < 0xdc00 && i + 1 < count && unit(i + 1) >> 10 == 0xdc00 >> 10;
      require(is_pair, "{} is damaged: half of a UTF-16 character pair at byte {}", what,
              2 * i + kLittleEndianMark.size());
      code = 0x10000 + ((code & 0x3ff) << 10 | (unit(++i) & 0x3ff));
    }
    append_utf8(text, code);
  }
  return text;
}

std::string with_unix_line_ends(std::string text) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    result += text[i];
  }
  return result;
}

int64_t line_of(std::string_view bytes, size_t position) {
  return 1 + std::count(bytes.begin(), bytes.begin() + int64_t(position), '\n');
}

}  // namespace

size_t first_wrong_byte(std::string_view bytes) {
  size_t at = 0;
  while (at < bytes.size()) {
    const size_t length = character_length(bytes.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return at;
}

bool is_utf8(std::string_view bytes) { return first_wrong_byte(bytes) == bytes.size(); }

std::string valid_utf8(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const size_t good = first_wrong_byte(bytes);
    text += bytes.substr(0, good);
    bytes.remove_prefix(good);
    if (bytes.empty()) break;
    text += kReplacement;
    bytes.remove_prefix(1);
  }
  return text;
}

std::string lower_case(std::string text) {
  for (char& letter : text) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return text;
}

std::string lower_ending(const std::filesystem::path& path) {
  return lower_case(path.extension().string());
}

std::string decode_text(std::string_view bytes, const std::string& what) {
  std::string text;
  if (bytes.starts_with(kLittleEndianMark) || bytes.starts_with(kBigEndianMark)) {
    text = from_utf16(bytes.substr(2), bytes.starts_with(kBigEndianMark), what);
  } else {
    if (bytes.starts_with(kUtf8Mark)) bytes.remove_prefix(kUtf8Mark.size());
    const size_t wrong = first_wrong_byte(bytes);
    require(wrong == bytes.size(),
            "{} is not UTF-8 (line {}, byte {} is 0x{:02X}): save it as UTF-8, for example with "
            "iconv -f LATIN1 -t UTF-8",
            what, line_of(bytes, wrong), wrong,
            static_cast<unsigned>(static_cast<unsigned char>(bytes[wrong])));
    text = bytes;
  }
  const size_t zero = text.find('\0');
  require(zero == std::string::npos,
          "{} holds a zero byte in line {}, so it is no text, or UTF-16 without a byte order mark: "
          "save it as UTF-8",
          what, line_of(text, zero == std::string::npos ? 0 : zero));
  return with_unix_line_ends(std::move(text));
}

std::string read_user_text(const std::filesystem::path& path, int64_t max_bytes) {
  return decode_text(read_text_file(path, max_bytes), "'" + valid_utf8(path.string()) + "'");
}

std::string name_as_text(std::string_view name) {
  std::string text;
  while (!name.empty()) {
    size_t length = character_length(name);
    const bool kept = length > 0 && name.substr(0, length) != kReplacement;
    length = std::max<size_t>(length, 1);
    if (kept) text.append(name.substr(0, length));
    for (size_t i = 0; i < length && !kept; ++i) {
      fmt::format_to(std::back_inserter(text), "{}{:02X}", kReplacement,
                     static_cast<unsigned>(static_cast<unsigned char>(name[i])));
    }
    name.remove_prefix(length);
  }
  return text;
}

std::string name_from_text(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string name;
  while (!text.empty()) {
    const size_t mark = kReplacement.size();
    if (text.size() >= mark + 2 && text.starts_with(kReplacement) && digit(text[mark]) >= 0 &&
        digit(text[mark + 1]) >= 0) {
      name += char(digit(text[mark]) << 4 | digit(text[mark + 1]));
      text.remove_prefix(mark + 2);
    } else {
      name += text.front();
      text.remove_prefix(1);
    }
  }
  return name;
}

std::string path_as_text(const std::filesystem::path& path) {
  return name_as_text(path.generic_string());
}

std::filesystem::path path_from_text(std::string_view text) { return name_from_text(text); }

}  // namespace sana
