// Pictures as PNG files, in every build.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>

namespace sana::media {

// Writes image [H, W, 3] uint8 RGB, on any device, aside and then renames it. Throws
// EnvironmentError when the path cannot be written.
void write_png(const std::filesystem::path& path, const at::Tensor& image);

}  // namespace sana::media
