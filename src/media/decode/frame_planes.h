// Small pictures made of the planes that a decoder gives, which costs a fraction of what swscale
// takes. Only in builds with FFmpeg.
#pragma once
#include <opencv2/core.hpp>
#include <optional>

struct AVFrame;

namespace sana::media {

// A picture small enough to be looked at in every frame.
struct SmallPicture {
  cv::Mat luma;  // [h, w] uint8, 0..255
  cv::Mat bgr;   // [h / 2, w / 2, 3] uint8: most videos store half of the colour only
};

// Whether levels reach from 0 to the largest number, instead of from 16/255 to 235/255 of it.
bool has_full_range(const AVFrame& frame);

// The frame as it is stored, not turned; nothing when it is not YUV in three planes. `size`: of the
// luma, even.
std::optional<SmallPicture> shrink_planes(const AVFrame& frame, cv::Size size);

}  // namespace sana::media
