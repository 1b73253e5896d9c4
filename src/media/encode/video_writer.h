// Frames to files: H.264 in MP4 when an encoder is there, PNG files otherwise.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>

namespace sana::media {

// What write_video made: the mp4, or the folder of frame-00000.png ... when no encoder was there.
struct WrittenVideo {
  std::filesystem::path path;
  bool is_video = false;
};

// frames [F, H, W, 3] uint8 RGB. A single frame with a .png name becomes one PNG. Written aside,
// then renamed. Throws EnvironmentError when the path cannot be written.
WrittenVideo write_video(const std::filesystem::path& path, const at::Tensor& frames, double fps);

// One PNG, [H, W, 3] uint8 RGB. Works in every build.
void write_png(const std::filesystem::path& path, const at::Tensor& image);

// True when this build and machine can encode H.264.
bool can_encode_h264();

}  // namespace sana::media
