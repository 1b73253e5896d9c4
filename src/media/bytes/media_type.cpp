#include "media/bytes/media_type.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "media/bytes/byte_source.h"
#include "media/unusable.h"

namespace sana::media {
namespace fs = std::filesystem;
namespace {

std::string read_bytes(const ByteSource& file, uint64_t offset, size_t count) {
  std::string bytes(count, '\0');
  bytes.resize(size_t(file.read(int64_t(offset), bytes.data(), int64_t(count))));
  return bytes;
}

uint64_t big_endian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

bool is_mp4_box(std::string_view kind) {
  constexpr std::array<std::string_view, 6> kBoxes = {"ftyp", "moov", "mdat",
                                                      "wide", "free", "skip"};
  return std::find(kBoxes.begin(), kBoxes.end(), kind) != kBoxes.end();
}

// Top-level boxes: 4 bytes of length, 4 of kind; length 1: 8 more bytes of length; 0: to the end.
bool is_mp4_truncated(const ByteSource& file, uint64_t size) {
  bool has_index = false;
  uint64_t offset = 0;
  while (offset + 8 <= size) {
    const std::string head = read_bytes(file, offset, 16);
    if (head.size() < 8) return true;
    uint64_t length = big_endian(std::string_view(head).substr(0, 4));
    has_index = has_index || head.substr(4, 4) == "moov";
    if (length == 1) {
      if (head.size() < 16) return true;
      length = big_endian(std::string_view(head).substr(8, 8));
    } else if (length == 0) {
      return !has_index;
    }
    if (length < 8) return false;  // no box: padding behind the last one
    if (length > size - offset) return true;
    offset += length;
  }
  return !has_index;
}

bool is_riff_truncated(const ByteSource& file, uint64_t size) {
  std::string length = read_bytes(file, 4, 4);
  std::reverse(length.begin(), length.end());
  return big_endian(length) + 8 > size;
}

// Chunks: 4 bytes of length, 4 of kind, contents, 4 of checksum. What follows the last one does not
// count.
bool is_png_truncated(const ByteSource& file, uint64_t size) {
  for (uint64_t offset = 8; offset + 12 <= size;) {
    const std::string head = read_bytes(file, offset, 8);
    if (head.substr(4) == "IEND") return false;
    offset += 12 + big_endian(std::string_view(head).substr(0, 4));
  }
  return true;
}

// Pictures in the container of MP4.
bool is_heif_brand(std::string_view brand) {
  constexpr std::array<std::string_view, 5> kBrands = {"avif", "heic", "heix", "mif1", "heim"};
  return std::find(kBrands.begin(), kBrands.end(), brand) != kBrands.end();
}

MediaType webp_type(std::string_view head) {
  constexpr char kAnimation = 0x02;
  const bool is_animated =
      head.size() > 20 && head.substr(12, 4) == "VP8X" && (head[20] & kAnimation) != 0;
  return is_animated ? MediaType::kAnimatedWebp : MediaType::kWebp;
}

// Types of pictures whose mark is short.
MediaType rarer_picture_type(std::string_view head) {
  using namespace std::string_view_literals;
  if (head.starts_with("II*\0"sv) || head.starts_with("MM\0*"sv) || head.starts_with("II+\0"sv) ||
      head.starts_with("MM\0+"sv)) {
    return MediaType::kTiff;
  }
  if (head.starts_with("\0\0\0\x0CjP  \r\n\x87\n"sv) || head.starts_with("\xFF\x4F\xFF\x51"sv)) {
    return MediaType::kJpeg2000;
  }
  if (head.size() >= 14 && head.starts_with("BM") && head.substr(6, 4) == "\0\0\0\0"sv) {
    return MediaType::kBmp;
  }
  const bool is_pnm = head.size() >= 3 && head[0] == 'P' && head[1] >= '1' && head[1] <= '6' &&
                      std::string_view(" \t\r\n").find(head[2]) != std::string_view::npos;
  return is_pnm ? MediaType::kPnm : MediaType::kUnknown;
}

}  // namespace

MediaType media_type(const ByteSource& file) {
  const std::string bytes = read_bytes(file, 0, 24);
  const std::string_view head = bytes;
  if (head.size() >= 12 && head.substr(4, 4) == "ftyp" && is_heif_brand(head.substr(8, 4))) {
    return MediaType::kHeif;
  }
  if (head.size() >= 8 && is_mp4_box(head.substr(4, 4))) return MediaType::kMp4;
  if (head.starts_with("\x1A\x45\xDF\xA3")) return MediaType::kMatroska;
  if (head.starts_with("RIFF") && head.size() >= 12) {
    if (head.substr(8, 4) == "AVI ") return MediaType::kAvi;
    if (head.substr(8, 4) == "WEBP") return webp_type(head);
  }
  if (head.starts_with("\x30\x26\xB2\x75")) return MediaType::kAsf;
  if (head.starts_with("\xFF\xD8\xFF")) return MediaType::kJpeg;
  if (head.starts_with("\x89PNG")) return MediaType::kPng;
  return rarer_picture_type(head);
}

const char* media_type_name(MediaType type) {
  switch (type) {
    case MediaType::kMp4:
      return "an MP4 or MOV video";
    case MediaType::kMatroska:
      return "a Matroska or WebM video";
    case MediaType::kAvi:
      return "an AVI video";
    case MediaType::kAsf:
      return "a WMV video";
    case MediaType::kJpeg:
      return "a JPEG image";
    case MediaType::kPng:
      return "a PNG image";
    case MediaType::kWebp:
      return "a WebP image";
    case MediaType::kAnimatedWebp:
      return "an animated WebP image";
    case MediaType::kBmp:
      return "a BMP image";
    case MediaType::kTiff:
      return "a TIFF image";
    case MediaType::kJpeg2000:
      return "a JPEG 2000 image";
    case MediaType::kPnm:
      return "a PNM image";
    case MediaType::kHeif:
      return "an AVIF or HEIF image";
    case MediaType::kUnknown:
      break;
  }
  return "neither a video nor an image of a known type";
}

bool is_image(MediaType type) {
  switch (type) {
    case MediaType::kUnknown:
    case MediaType::kMp4:
    case MediaType::kMatroska:
    case MediaType::kAvi:
    case MediaType::kAsf:
      return false;
    default:
      return true;
  }
}

bool is_clip_image(MediaType type) {
  return type == MediaType::kJpeg || type == MediaType::kPng || type == MediaType::kWebp;
}

bool is_truncated(const ByteSource& file, MediaType type) {
  const auto size = uint64_t(file.size());
  switch (type) {
    case MediaType::kMp4:
      return is_mp4_truncated(file, size);
    case MediaType::kAvi:
    case MediaType::kWebp:
    case MediaType::kAnimatedWebp:
      return is_riff_truncated(file, size);
    case MediaType::kPng:
      return is_png_truncated(file, size);
    default:
      return false;
  }
}

void throw_wrong_type(const std::string& name, MediaType type) {
  throw UnusableClip("wrong type",
                     fmt::format("named {}, but by its contents {}",
                                 fs::path(name).extension().string(), media_type_name(type)),
                     "rename or convert it, or remove it");
}

MediaType check_media(const ByteSource& file, const std::string& name, bool expect_image) {
  if (file.size() == 0) {
    throw UnusableClip("zero bytes", "the file is empty", "copy the file again");
  }
  const MediaType type = media_type(file);
  const bool is_expected = expect_image ? is_clip_image(type) : !is_image(type);
  if (!is_expected) throw_wrong_type(name, type);
  if (is_truncated(file, type)) {
    throw UnusableClip("truncated", "the file ends before its contents do", "copy the file again");
  }
  return type;
}

}  // namespace sana::media
