// The size at which pictures are measured, so that scores do not depend on the size of the file.
#pragma once
#include <cmath>
#include <opencv2/core.hpp>

namespace sana::filter {

// Pixels of the small picture of every frame: those of 288x160.
constexpr double kSmallArea = 288.0 * 160.0;

// Motion is given in pixels of a picture of 576x320, the size of the public UniMatch scores:
// lengths on the small picture are half of that.
constexpr double kMotionScale = 2.0;

// Width and height of about `area` pixels with the shape of width x height; even, at least 16.
inline cv::Size size_of_area(double width, double height, double area) {
  const double scale = std::sqrt(area / (width * height));
  const auto even = [](double side) { return std::max(16, 2 * int(std::lround(side / 2))); };
  return {even(width * scale), even(height * scale)};
}

}  // namespace sana::filter
