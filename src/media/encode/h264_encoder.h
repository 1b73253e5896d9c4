// H.264 in MP4 through FFmpeg's libraries.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>

namespace sana::media {

// Whether this build and this machine's FFmpeg can encode H.264.
bool can_encode_h264();

// A video written frame by frame. One thread at a time.
class H264Writer {
 public:
  // Odd sizes lose their last row or column (4:2:0). Throws EnvironmentError when the file cannot
  // be written or the build has no encoder.
  H264Writer(const std::filesystem::path& path, int64_t width, int64_t height, double fps);
  ~H264Writer();
  H264Writer(const H264Writer&) = delete;
  H264Writer& operator=(const H264Writer&) = delete;

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
void encode_h264(const std::filesystem::path& path, const at::Tensor& frames, double fps);

}  // namespace sana::media
