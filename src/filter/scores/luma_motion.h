// The motion feature of VMAF: how much the blurred brightness of the picture changes.
#pragma once
#include <opencv2/core.hpp>

namespace sana::filter {

// Mean absolute difference, in levels 0..255, of two pictures [h, w] uint8 grey of one size after
// VMAF's 5x5 blur, which takes off most of the noise. 0 for empty pictures and for two sizes.
double luma_motion(const cv::Mat& before, const cv::Mat& after);

}  // namespace sana::filter
