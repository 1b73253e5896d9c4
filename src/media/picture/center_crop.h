// To the size that was asked for, from the nearest one that the model knows.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace sana::media {

// Enlarges or shrinks (bilinear) until both sides are covered, then cuts out the middle.
//   video [B, C, F, H, W] -> [B, C, F, height, width]
at::Tensor resize_and_center_crop(const at::Tensor& video, int64_t height, int64_t width);

}  // namespace sana::media
