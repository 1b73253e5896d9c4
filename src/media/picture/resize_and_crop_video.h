// Generated videos to the size that was asked for, from the nearest one that the model knows.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace sana::media {

// Scales a video until it covers height x width, then cuts out the middle. As the public pipeline
// has it, so that its numbers can be reproduced: bilinear without antialiasing, and the scaled
// sides truncated. For samples only: resize_and_crop_frame, for what a model is trained on,
// averages where it shrinks, rounds, and knows pixels that are not square.
//   video [B, C, F, H, W] -> [B, C, F, height, width], the video itself where the size is the same
at::Tensor resize_and_crop_video(const at::Tensor& video, int64_t height, int64_t width);

}  // namespace sana::media
