// What a file is by its first bytes, and whether it ends too early: told apart before a decoder
// sees it, so that the reason can be given.
#pragma once
#include <string>

#include "media/bytes/byte_source.h"

namespace sana::media {

enum class MediaType {
  kUnknown,
  kMp4,
  kMatroska,
  kAvi,
  kAsf,
  kJpeg,
  kPng,
  kWebp,
  kAnimatedWebp,
  kBmp,
  kTiff,
  kJpeg2000,
  kPnm,
  kHeif
};

// By the first 24 bytes. As all functions here that read, it throws EnvironmentError when the disk
// fails.
MediaType media_type(const ByteSource& file);
// For messages: "an MP4 or MOV video".
const char* media_type_name(MediaType type);
// Whether it is a type of still images, or of animated ones that are no videos.
bool is_image(MediaType type);
// Whether it is a type of images that a data set may hold: JPEG, PNG or WebP.
bool is_clip_image(MediaType type);

// Whether the structure of the file reaches beyond its end (MP4 boxes, also when the index is
// missing; the RIFF size of AVI and WebP; PNG's chunks). Other types: false.
bool is_truncated(const ByteSource& file, MediaType type);

// The type of a file that is fit for a decoder. Throws UnusableClip with its own reason when the
// file has zero bytes, is by its contents not of the kind that is expected, or is truncated. An
// unknown type passes as a video: the decoder may know it. `name` ends as the file is called.
MediaType check_media(const ByteSource& file, const std::string& name, bool expect_image);

// UnusableClip that tells the ending of `name` and what the file is by its contents.
[[noreturn]] void throw_wrong_type(const std::string& name, MediaType type);

}  // namespace sana::media
