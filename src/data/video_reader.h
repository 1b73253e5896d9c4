// Decodes videos and images to frames of a bucket's size.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <vector>

#include "data/batch.h"

namespace sana::data {

// How clips are cut out of a video.
struct ClipSettings {
  double fps = 16;              // of the clips
  int64_t frames = 81;          // of each clip
  int64_t clips_per_video = 1;  // at most
  std::vector<Bucket> sizes;    // the nearest by shape is taken
};

// When each frame of a video is shown.
struct FrameTimes {
  std::vector<double> seconds;  // strictly increasing
  double fps = 0;               // average
};

// Decodes the whole video once for its timestamps. Where the container's are not increasing, frame
// number / nominal rate. Throws UnusableClip: missing, zero bytes, wrong type, truncated, cannot
// decode; EnvironmentError when this build has no OpenCV.
FrameTimes read_frame_times(const std::filesystem::path& video);

// What a clip was cut from and how, said in the log.
struct Retiming {
  double source_fps = 0;
  int64_t source_frames = 0;
  int64_t kept_frames = 0;  // different frames of the source among those of the clips
};

struct DecodedClips {
  std::vector<at::Tensor> clips;  // each [F, H, W, 3] uint8, RGB
  Bucket bucket;
  Retiming retiming;
};

// The clips of a video: retimed to settings.fps by nearest timestamps, cut into windows, resized
// and cropped; the rotation that the file asks for is applied. Throws as read_frame_times does, and
// UnusableClip "too short".
DecodedClips read_video(const std::filesystem::path& video, const ClipSettings& settings);

// An image as a clip of one frame (JPEG or PNG; EXIF orientation applied). Throws UnusableClip,
// EnvironmentError.
DecodedClips read_image(const std::filesystem::path& image, const std::vector<Bucket>& sizes);

// EnvironmentError that says how clips can be decoded elsewhere.
[[noreturn]] void throw_no_video_io();

}  // namespace sana::data
