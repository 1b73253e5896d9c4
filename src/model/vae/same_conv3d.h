// 3 x 3 x 3 convolution of large volumes.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace sana::model {

// cuDNN counts the elements of a tensor in 32 bits, and a chunk of 40 frames of 704 x 1280 has
// more.
inline constexpr int64_t kMostElements = (int64_t(1) << 31) - 1;

// Zeros around frames, rows and columns, so that the size stays.
//   x [B, in, T, H, W] in channels-last memory, weight [out, in, 3, 3, 3], bias [out] or undefined
// Returns [B, out, T, H, W] in channels-last memory. Volumes of more than `most_elements` are
// convolved in pieces of a few frames, to the same result.
at::Tensor same_conv3d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       int64_t most_elements = kMostElements);

}  // namespace sana::model
