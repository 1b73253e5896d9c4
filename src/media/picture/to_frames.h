// From the numbers of a network to pixels.
#pragma once
#include <ATen/core/Tensor.h>

namespace sana::media {

// video [1, 3, F, H, W] in [-1, 1] to frames [F, H, W, 3] uint8 on the CPU, rounded to nearest.
// Values beyond are clamped.
at::Tensor to_frames(const at::Tensor& video);

}  // namespace sana::media
