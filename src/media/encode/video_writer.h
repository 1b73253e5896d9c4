// Frames to files: a video of the kind that the name says, PNG files where a build has no encoder.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>

namespace sana::media {

// What write_video made: the video, or the folder of frame-00000.png ... when no encoder was there.
struct WrittenVideo {
  std::filesystem::path path;
  bool is_video = false;
};

// Writes frames [F, H, W, 3] uint8 RGB, on any device, shown `fps` times a second, aside and then
// renames them. A single frame with a .png name becomes one PNG. Throws UserError for several
// frames under such a name and for other endings, EnvironmentError when the path cannot be written.
WrittenVideo write_video(const std::filesystem::path& path, const at::Tensor& frames, double fps);

}  // namespace sana::media
