#include "filter/scores/colour.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sana::filter {
namespace {

constexpr int kFraction = 4096;

// Sums over pixels; red_green is R - G, yellow_blue is R + G - 2 B, twice that of the paper.
struct Sums {
  int64_t saturation = 0;  // in 1/kFraction levels
  int64_t red_green = 0, red_green_squares = 0;
  int64_t yellow_blue = 0, yellow_blue_squares = 0;
};

// kFraction * 255 / v: turns max - min of a pixel with maximum v into its saturation.
std::array<int, 256> make_scales() {
  std::array<int, 256> scales{};
  for (int v = 1; v < 256; ++v) scales[size_t(v)] = (kFraction * 255 + v / 2) / v;
  return scales;
}

void add_row(const uint8_t* pixel, int width, const std::array<int, 256>& scales, Sums& sums) {
  for (const uint8_t* end = pixel + 3 * width; pixel != end; pixel += 3) {
    const int blue = pixel[0];
    const int green = pixel[1];
    const int red = pixel[2];
    const int brightest = std::max({blue, green, red});
    sums.saturation += (brightest - std::min({blue, green, red})) * scales[size_t(brightest)];
    const int red_green = red - green;
    const int yellow_blue = red + green - 2 * blue;
    sums.red_green += red_green;
    sums.red_green_squares += red_green * red_green;
    sums.yellow_blue += yellow_blue;
    sums.yellow_blue_squares += yellow_blue * yellow_blue;
  }
}

}  // namespace

Colour measure_colour(const cv::Mat& bgr) {
  if (bgr.empty()) return {};
  const auto scales = make_scales();
  Sums sums;
  for (int y = 0; y < bgr.rows; ++y) add_row(bgr.ptr<uint8_t>(y), bgr.cols, scales, sums);
  const double count = double(bgr.total());
  const double red_green = double(sums.red_green) / count;
  const double yellow_blue = double(sums.yellow_blue) / (2 * count);
  const double variance = double(sums.red_green_squares) / count - red_green * red_green +
                          double(sums.yellow_blue_squares) / (4 * count) -
                          yellow_blue * yellow_blue;
  return {double(sums.saturation) / (kFraction * count),
          std::sqrt(std::max(0.0, variance)) + 0.3 * std::hypot(red_green, yellow_blue)};
}

}  // namespace sana::filter
