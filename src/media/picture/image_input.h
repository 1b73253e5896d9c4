// A still image as the first frame of a video.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>

namespace sana::media {

// [H, W, 3] uint8 RGB of an image file that decode_still() takes (JPEG, PNG, WebP, ...), turned as
// its EXIF data says, or of the tensor "image" of a safetensors file, which every build reads. An
// HDR picture is read as SDR, with a warning. Throws UserError when it is no such image, is damaged
// or has more than kMaxPixels; EnvironmentError when the build reads none.
at::Tensor read_image(const std::filesystem::path& path);

// Lanczos resampling with antialiasing (window of three lobes, widened when shrinking), rounded to
// 8 bits after each axis, as Pillow 13 does it: columns first, but for images that lose more than
// twice as many rows as columns.
//   image [H, W, 3] uint8 -> [height, width, 3] uint8
at::Tensor lanczos_resize(const at::Tensor& image, int64_t height, int64_t width);

// The image at exactly this size (its aspect ratio is not kept, as in the public pipeline), in
// [-1, 1].  -> [1, 3, 1, height, width] float32
at::Tensor first_frame(const at::Tensor& image, int64_t height, int64_t width);

}  // namespace sana::media
