// Pixels and frames moved into channels and back, and the shortcuts without parameters that
// deep-compression autoencoders make of them.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace sana::model {

// [B, C, T, H, W] -> [B, C*t*s*s, T/t, H/s, W/s]; channel ((c*t + it)*s + ih)*s + iw is the value
// of channel c at frame it, row ih, column iw of its t x s x s block. The result lies channels-last
// in memory. T, H and W must be multiples of t, s and s.
at::Tensor volume_unshuffle(const at::Tensor& x, int64_t spatial, int64_t temporal);

// The inverse: [B, C*t*s*s, T, H, W] -> [B, C, T*t, H*s, W*s].
at::Tensor volume_shuffle(const at::Tensor& x, int64_t spatial, int64_t temporal);

// The same for images [N, C, H, W] and blocks of 2 x 2 pixels.
at::Tensor image_unshuffle(const at::Tensor& x);
at::Tensor image_shuffle(const at::Tensor& x);

// Means of consecutive groups of channels: [B, C, ...] -> [B, channels, ...]; C = k * channels.
at::Tensor average_channels(const at::Tensor& x, int64_t channels);

// Every channel several times in a row: [B, C, ...] -> [B, channels, ...]; channels = k * C.
at::Tensor repeat_channels(const at::Tensor& x, int64_t channels);

}  // namespace sana::model
