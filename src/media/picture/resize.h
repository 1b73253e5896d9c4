// Pixels to the size of a bucket.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace sana::media {

// Resizes a frame [H, W, 3] uint8 so that it just fills height x width, antialiased (mean of the
// covered area when it shrinks, cubic when it grows), and crops the centre: [height, width, 3].
// pixel_aspect is width / height of one pixel of the source. Throws EnvironmentError when this
// build has no OpenCV.
at::Tensor resize_and_crop(const at::Tensor& frame, int64_t height, int64_t width,
                           double pixel_aspect = 1.0);

}  // namespace sana::media
