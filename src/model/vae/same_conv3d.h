// 3 x 3 x 3 convolution of large volumes.
#pragma once
#include <ATen/core/Tensor.h>

namespace sana::model {

// Zeros around frames, rows and columns, so that the size stays.
//   x [B, in, T, H, W] in channels-last memory, weight [out, in, 3, 3, 3], bias [out] or undefined
// Returns [B, out, T, H, W] in channels-last memory.
at::Tensor same_conv3d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace sana::model
