// Decoded frames and images to the size of a bucket.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace sana::media {

// Scales a frame until it covers height x width, then cuts out the middle. Made for pictures that a
// model learns from: the mean of the covered area where it shrinks, cubic where it grows, and the
// scaled sides rounded to nearest. resize_and_crop_video, for samples, is bilinear and truncates.
//   frame [H, W, 3] uint8 -> [height, width, 3] uint8, memory of its own
// pixel_aspect is width / height of one pixel of the source; those of the result are square. Throws
// EnvironmentError when this build has no OpenCV.
at::Tensor resize_and_crop_frame(const at::Tensor& frame, int64_t height, int64_t width,
                                 double pixel_aspect = 1.0);

}  // namespace sana::media
