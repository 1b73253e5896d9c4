// What a file is by its first bytes, and whether it ends too early: told apart before a decoder
// sees it, so that the reason can be given.
#pragma once
#include <string>

#include "media/bytes/byte_source.h"

namespace sana::media {

enum class MediaType { kUnknown, kMp4, kMatroska, kAvi, kAsf, kJpeg, kPng };

MediaType media_type(const ByteSource& file);
const char* media_type_name(MediaType type);
bool is_image(MediaType type);

// Whether the structure of the file reaches beyond its end (MP4 boxes, also when the index is
// missing; AVI's RIFF size; the end markers of JPEG and PNG). Other types: false.
bool is_truncated(const ByteSource& file, MediaType type);

// Throws UnusableClip with its own reason when the file has zero bytes, is by its contents not of
// the kind that its name says, or is truncated. An unknown type passes as a video: the decoder may
// know it.
MediaType check_media(const ByteSource& file, const std::string& name, bool expect_image);

[[noreturn]] void throw_wrong_type(const std::string& name, MediaType type);

}  // namespace sana::media
