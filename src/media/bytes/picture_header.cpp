#include "media/bytes/picture_header.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

namespace sana::media {
namespace {

// Numbers of a file by their offset; what lies behind the end is 0.
class Fields {
 public:
  Fields(const ByteSource& file, bool is_little_endian)
      : file_(file), is_little_endian_(is_little_endian) {}

  std::string text(uint64_t offset, size_t count) const {
    std::string bytes(count, '\0');
    if (offset > uint64_t(file_.size())) return {};
    bytes.resize(size_t(file_.read(int64_t(offset), bytes.data(), int64_t(count))));
    return bytes;
  }

  uint64_t number(uint64_t offset, size_t count) const {
    std::string bytes = text(offset, count);
    bytes.resize(count, '\0');
    if (is_little_endian_) std::reverse(bytes.begin(), bytes.end());
    uint64_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
  }

 private:
  const ByteSource& file_;
  bool is_little_endian_;
};

// Chunks: 4 bytes of length, 4 of kind, contents, 4 of checksum.
PictureHeader png_header(const ByteSource& file) {
  const Fields fields(file, /*is_little_endian=*/false);
  PictureHeader header;
  header.width = int64_t(fields.number(16, 4));
  header.height = int64_t(fields.number(20, 4));
  constexpr int kMostChunks = 256;
  uint64_t offset = 8;
  for (int i = 0; i < kMostChunks; ++i) {
    const std::string kind = fields.text(offset + 4, 4);
    if (kind.size() < 4 || kind == "IDAT") break;
    if (kind == "cICP") {
      header.hdr = hdr_of(int(fields.number(offset + 8, 1)), int(fields.number(offset + 9, 1)));
    }
    offset += 12 + fields.number(offset, 4);
  }
  return header;
}

PictureHeader webp_header(const ByteSource& file) {
  const Fields fields(file, /*is_little_endian=*/true);
  const std::string kind = fields.text(12, 4);
  PictureHeader header;
  if (kind == "VP8X") {
    header.width = int64_t(fields.number(24, 3)) + 1;
    header.height = int64_t(fields.number(27, 3)) + 1;
  } else if (kind == "VP8L") {
    const auto sides = int64_t(fields.number(21, 4));
    header.width = (sides & 0x3fff) + 1;
    header.height = (sides >> 14 & 0x3fff) + 1;
  } else if (kind == "VP8 ") {
    header.width = int64_t(fields.number(26, 2)) & 0x3fff;
    header.height = int64_t(fields.number(28, 2)) & 0x3fff;
  }
  return header;
}

PictureHeader bmp_header(const ByteSource& file) {
  constexpr uint64_t kOldest = 12;  // bytes of the first kind of header, with sides of 2 bytes
  const Fields fields(file, /*is_little_endian=*/true);
  PictureHeader header;
  if (fields.number(14, 4) == kOldest) {
    header.width = int64_t(fields.number(18, 2));
    header.height = int64_t(fields.number(20, 2));
  } else {
    header.width = int64_t(fields.number(18, 4));
    // Negative where the first row comes first.
    header.height = std::abs(int64_t(int32_t(uint32_t(fields.number(22, 4)))));
  }
  return header;
}

// The first directory: entries of tag, type, count and value; those of BigTIFF are wider.
PictureHeader tiff_header(const ByteSource& file) {
  constexpr uint64_t kWidthTag = 256, kHeightTag = 257, kMostEntries = 4096;
  constexpr uint64_t kShort = 3, kLong8 = 16, kBig = 43;
  const bool is_little_endian = Fields(file, false).text(0, 2) == "II";
  const Fields fields(file, is_little_endian);
  const bool is_big = fields.number(2, 2) == kBig;
  const uint64_t directory = is_big ? fields.number(8, 8) : fields.number(4, 4);
  const uint64_t entries = std::min(kMostEntries, fields.number(directory, is_big ? 8 : 2));
  const uint64_t entry_bytes = is_big ? 20 : 12;
  PictureHeader header;
  for (uint64_t i = 0; i < entries; ++i) {
    const uint64_t entry = directory + (is_big ? 8 : 2) + i * entry_bytes;
    const uint64_t tag = fields.number(entry, 2);
    if (tag != kWidthTag && tag != kHeightTag) continue;
    const uint64_t type = fields.number(entry + 2, 2);
    const size_t bytes = type == kShort ? 2 : type == kLong8 ? 8 : 4;
    const auto side = int64_t(fields.number(entry + (is_big ? 12 : 8), bytes) & INT64_MAX);
    int64_t& known = tag == kWidthTag ? header.width : header.height;
    known = std::max(known, side);
  }
  return header;
}

// Where the codestream begins: at once, or in a box of 4 bytes of length and 4 of kind, length 1: 8
// more bytes of length.
uint64_t codestream_offset(const Fields& fields, int64_t size) {
  constexpr int kMostBoxes = 64;
  if (fields.number(0, 2) == 0xff4f) return 0;
  uint64_t offset = 0;
  for (int i = 0; i < kMostBoxes && offset < uint64_t(size); ++i) {
    uint64_t length = fields.number(offset, 4), head = 8;
    if (length == 1) length = fields.number(offset + 8, 8), head = 16;
    if (fields.text(offset + 4, 4) == "jp2c") return offset + head;
    if (length < head || length > uint64_t(size)) break;
    offset += length;
  }
  return uint64_t(size);
}

PictureHeader jpeg2000_header(const ByteSource& file) {
  const Fields fields(file, /*is_little_endian=*/false);
  const uint64_t begin = codestream_offset(fields, file.size());
  PictureHeader header;
  if (fields.number(begin, 4) != 0xff4fff51) return header;
  header.width = int64_t(fields.number(begin + 8, 4)) - int64_t(fields.number(begin + 16, 4));
  header.height = int64_t(fields.number(begin + 12, 4)) - int64_t(fields.number(begin + 20, 4));
  header.components = int64_t(fields.number(begin + 40, 2));
  return header;
}

// "P6", white space and comments, width, height.
PictureHeader pnm_header(const ByteSource& file) {
  constexpr size_t kHead = 4096;
  const std::string head = Fields(file, false).text(0, kHead);
  size_t at = 2;
  const auto next_number = [&] {
    while (at < head.size() && (head[at] < '0' || head[at] > '9')) {
      at = head[at] == '#' ? std::min(head.find('\n', at), head.size()) : at + 1;
    }
    int64_t number = 0;
    for (; at < head.size() && head[at] >= '0' && head[at] <= '9'; ++at) {
      number = std::min<int64_t>(10 * number + (head[at] - '0'), int64_t(1) << 40);
    }
    return number;
  };
  PictureHeader header;
  header.width = next_number();
  header.height = next_number();
  return header;
}

}  // namespace

PictureHeader read_picture_header(const ByteSource& file, MediaType type) {
  switch (type) {
    case MediaType::kPng:
      return png_header(file);
    case MediaType::kWebp:
    case MediaType::kAnimatedWebp:
      return webp_header(file);
    case MediaType::kBmp:
      return bmp_header(file);
    case MediaType::kTiff:
      return tiff_header(file);
    case MediaType::kJpeg2000:
      return jpeg2000_header(file);
    case MediaType::kPnm:
      return pnm_header(file);
    default:
      return {};
  }
}

}  // namespace sana::media
