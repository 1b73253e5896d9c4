// Videos through FFmpeg's libraries: H.264 in MP4 and Matroska, VP9 in WebM, GIF.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>

#include "media/encode/video_format.h"

namespace sana::media {

// Whether this build and this machine's FFmpeg can encode H.264.
bool can_encode_h264();

// A video written frame by frame. One thread at a time.
class VideoEncoder {
 public:
  // Odd sizes lose their last row or column (4:2:0). Throws EnvironmentError when the file cannot
  // be written or the build has no encoder.
  VideoEncoder(const std::filesystem::path& path, const VideoFormat& format, int64_t width,
               int64_t height, double fps);
  ~VideoEncoder();
  VideoEncoder(const VideoEncoder&) = delete;
  VideoEncoder& operator=(const VideoEncoder&) = delete;

  // Rows of `width` RGB pixels, 8 bits each, row_bytes apart. Throws EnvironmentError.
  void add(const uint8_t* rgb, int64_t row_bytes);
  // Without it the file is not complete. Throws EnvironmentError.
  void finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Writes a whole video: frames [F, H, W, 3] uint8 RGB, CPU, contiguous, shown `fps` times a second;
// odd sizes lose their last row or column (4:2:0). Throws EnvironmentError when encoding or writing
// fails, or the build has no encoder.
void encode_video(const std::filesystem::path& path, const VideoFormat& format,
                  const at::Tensor& frames, double fps);

}  // namespace sana::media
