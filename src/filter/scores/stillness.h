// Stretches of a shot in which nothing changes: freezes, and still pictures shown one by one.
#pragma once
#include <opencv2/core.hpp>
#include <vector>

namespace sana::filter {

// Shares of the pairs of consecutive pictures, 0..1; both 0 for fewer than two pictures.
struct Stillness {
  // Pairs in stretches of at least 0.4 s without any change. Shorter ones do not count: they are
  // the repeated pictures of animation, of slow cameras and of 3:2 pulldown.
  double freeze_share = 0;
  // Pairs in those of the stretches that an abrupt change alone divides from another one. A still
  // picture that fills the shot is a freeze, but no slide show.
  double slideshow_share = 0;
};

// Mean absolute difference of two grey pictures [h, w] uint8 of one size (that of kSmallArea),
// 0..255; 0 if either is empty.
double frame_difference(const cv::Mat& before, const cv::Mat& after);

// differences: frame_difference of each pair of consecutive pictures, in order; fps: pictures per
// second. A difference below 0.1 is no change: compression leaves less than that in a still
// picture, the noise of a camera adds more.
Stillness measure_stillness(const std::vector<double>& differences, double fps);

}  // namespace sana::filter
