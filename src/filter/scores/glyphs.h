// Connected shapes of a picture that stand out from what is around them, such as letters do.
#pragma once
#include <cstdint>
#include <opencv2/core.hpp>
#include <vector>

namespace sana::filter {

// One shape: its box, and sums over its pixels. A run is a row's stretch of neighbouring pixels.
struct Glyph {
  int left = 0;
  int top = 0;
  int right = 0;   // exclusive
  int bottom = 0;  // exclusive
  int area = 0;
  int runs = 0;
  int64_t brightness = 0;
  int64_t contrast = 0;

  int width() const { return right - left; }
  int height() const { return bottom - top; }
  double mean_brightness() const { return double(brightness) / area; }
  // Mean length of the runs, about the width of a letter's upright strokes.
  double stroke() const { return double(area) / runs; }
  // Mean number of strokes that a row crosses: 1 in an "l" or a bar, 2 in an "o", more in a word.
  double strokes_across() const { return double(runs) / height(); }
};

// The shapes (8-connected, in no particular order) of the pixels whose contrast is above
// `threshold`. Both matrices [H, W] uint8: the picture's brightness, and its contrast.
std::vector<Glyph> find_glyphs(const cv::Mat& luma, const cv::Mat& contrast, int threshold);

}  // namespace sana::filter
