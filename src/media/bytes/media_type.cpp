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

bool lacks_end_marker(const ByteSource& file, uint64_t size, std::string_view marker) {
  constexpr uint64_t kTail = 65536;  // cameras append thumbnails and notes behind the marker
  const uint64_t begin = size > kTail ? size - kTail : 0;
  return read_bytes(file, begin, static_cast<size_t>(size - begin)).find(marker) ==
         std::string::npos;
}

}  // namespace

MediaType media_type(const ByteSource& file) {
  const std::string head = read_bytes(file, 0, 12);
  if (head.size() >= 8 && is_mp4_box(std::string_view(head).substr(4, 4))) return MediaType::kMp4;
  if (head.starts_with("\x1A\x45\xDF\xA3")) return MediaType::kMatroska;
  if (head.starts_with("RIFF") && head.substr(8) == "AVI ") return MediaType::kAvi;
  if (head.starts_with("\x30\x26\xB2\x75")) return MediaType::kAsf;
  if (head.starts_with("\xFF\xD8\xFF")) return MediaType::kJpeg;
  if (head.starts_with("\x89PNG")) return MediaType::kPng;
  return MediaType::kUnknown;
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
    case MediaType::kUnknown:
      break;
  }
  return "neither a video nor an image of a known type";
}

bool is_image(MediaType type) { return type == MediaType::kJpeg || type == MediaType::kPng; }

bool is_truncated(const ByteSource& file, MediaType type) {
  const auto size = uint64_t(file.size());
  switch (type) {
    case MediaType::kMp4:
      return is_mp4_truncated(file, size);
    case MediaType::kAvi:
      return is_riff_truncated(file, size);
    case MediaType::kJpeg:
      return lacks_end_marker(file, size, "\xFF\xD9");
    case MediaType::kPng:
      return lacks_end_marker(file, size, "IEND");
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
  if (is_image(type) != expect_image) throw_wrong_type(name, type);
  if (is_truncated(file, type)) {
    throw UnusableClip("truncated", "the file ends before its contents do", "copy the file again");
  }
  return type;
}

}  // namespace sana::media
