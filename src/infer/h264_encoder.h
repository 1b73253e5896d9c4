// H.264 in MP4 through FFmpeg's libraries.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>

namespace sana::infer {

// frames [F, H, W, 3] uint8 RGB, CPU, contiguous; odd sizes lose their last row or column (4:2:0).
// Throws EnvironmentError when encoding or writing fails, or the build has no encoder.
void encode_h264(const std::filesystem::path& path, const at::Tensor& frames, double fps);

}  // namespace sana::infer
