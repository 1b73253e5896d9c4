// Decodes videos and images to frames of a bucket's size.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "data/clips/bucket.h"
#include "data/source/place.h"
#include "media/colours.h"

namespace sana::data {

// How clips are cut out of a video.
struct ClipSettings {
  double fps = 16;                      // of the clips
  int64_t frames = 81;                  // of each clip
  std::vector<int64_t> shorter_frames;  // instead, the most that a short video covers; falling
  int64_t clips_per_video = 1;          // at most
  SizeTable sizes;                      // the nearest by shape is taken
};

// What a clip was cut from and how, said in the log.
struct Retiming {
  double source_fps = 0;
  int64_t source_frames = 0;
  int64_t kept_frames = 0;  // different frames of the source among those of the clips
};

struct DecodedClips {
  std::vector<at::Tensor> clips;  // each [F, H, W, 3] uint8, RGB
  ClipSize bucket;
  Retiming retiming;
  media::Hdr hdr = media::Hdr::kNone;  // of the source, read as SDR
};

// The clips of a video: retimed to settings.fps by nearest timestamps, cut into windows, resized
// and cropped; the rotation that the file asks for is applied. Throws UnusableClip: missing, zero
// bytes, wrong type, truncated, cannot decode, damaged, too short; Stopped; EnvironmentError when
// this build has no OpenCV, FFmpeg or libjpeg.
DecodedClips read_video(const Place& video, const ClipSettings& settings);

// An image as a clip of one frame (JPEG or PNG; EXIF orientation applied); of `image` only path and
// member count. Throws UnusableClip as media::check_media and media::decode_still do,
// EnvironmentError.
DecodedClips read_image(const Place& image, const SizeTable& sizes);
DecodedClips read_image(const std::filesystem::path& image, const SizeTable& sizes);

}  // namespace sana::data
