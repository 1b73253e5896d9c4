#include "filter/scores/sharpness.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <opencv2/imgproc.hpp>

#include "filter/scores/frame_size.h"

namespace sana::filter {
namespace {

// The low-pass is the mean of 9 pixels, 4 on each side.
constexpr int kLowPassReach = 4;
constexpr int kLowPassTaps = 2 * kLowPassReach + 1;
// Grey levels that a window must span to hold an edge.
constexpr int kEdgeStep = 12;
// About as many pixels as are looked at in one direction, so that large pictures cost no more.
constexpr double kSampledPixels = 400.0 * 480.0;

// Differences of neighbours, and the part of them that the low-pass takes away; times kLowPassTaps.
struct Variation {
  int64_t total = 0;
  int64_t lost = 0;
};

uint8_t apart(uint8_t a, uint8_t b) { return uint8_t(std::max(a, b) - std::min(a, b)); }

// For `count` pixels i: the step from before[i] to at[i], and the same step after the low-pass,
// whose window gains ahead[i] and loses behind[i]. Without branches and in 16 bits, so that the
// compiler makes vectors of it.
void add_differences(const uint8_t* before, const uint8_t* at, const uint8_t* behind,
                     const uint8_t* ahead, int count, Variation* sum) {
  int total = 0;
  int lost = 0;
  for (int i = 0; i < count; ++i) {
    const auto step = apart(at[i], before[i]);
    const auto smooth = apart(ahead[i], behind[i]);
    const auto counts = int16_t(-int16_t(std::max(step, smooth) >= kEdgeStep));
    const auto whole = int16_t(kLowPassTaps * step);
    total += int16_t(whole & counts);
    lost += int16_t(std::max<int16_t>(0, int16_t(whole - smooth)) & counts);
  }
  sum->total += total;
  sum->lost += lost;
}

// Share of the differences that survives the low-pass: those of a picture that was smooth already.
double blur_of(const Variation& sum) {
  return sum.total > 0 ? double(sum.total - sum.lost) / double(sum.total) : 1.0;
}

double measure_blur(const cv::Mat& luma) {
  if (luma.rows <= 2 * kLowPassReach + 1 || luma.cols <= 2 * kLowPassReach + 1) return 1.0;
  const int row_step = std::max(1, int(double(luma.rows) * luma.cols / kSampledPixels));
  Variation across;
  Variation down;
  for (int y = kLowPassReach + 1; y < luma.rows - kLowPassReach; y += row_step) {
    const uint8_t* row = luma.ptr<uint8_t>(y);
    add_differences(row + kLowPassReach, row + kLowPassReach + 1, row, row + kLowPassTaps,
                    luma.cols - kLowPassTaps, &across);
    add_differences(luma.ptr<uint8_t>(y - 1), row, luma.ptr<uint8_t>(y - kLowPassReach - 1),
                    luma.ptr<uint8_t>(y + kLowPassReach), luma.cols, &down);
  }
  return std::max(blur_of(across), blur_of(down));
}

// Shrunk by a whole number, the one that comes nearest to kSmallArea: other ratios take away detail
// in a different measure for each ratio, and are slow. Small pictures stay as they are.
cv::Mat shrink_by_whole(const cv::Mat& luma) {
  const double scale = std::sqrt(double(luma.cols) * luma.rows / kSmallArea);
  const int factor = std::min({int(std::lround(scale)), luma.cols, luma.rows});
  if (factor <= 1) return luma;
  const cv::Size size(luma.cols / factor, luma.rows / factor);
  cv::Mat small;
  cv::resize(luma(cv::Rect({0, 0}, size * factor)), small, size, 0, 0, cv::INTER_AREA);
  return small;
}

double measure_laplacian(const cv::Mat& luma) {
  cv::Mat edges;
  cv::Laplacian(shrink_by_whole(luma), edges, CV_16S);
  cv::Scalar mean;
  cv::Scalar deviation;
  cv::meanStdDev(edges, mean, deviation);
  return deviation[0] * deviation[0];
}

}  // namespace

Sharpness measure_sharpness(const cv::Mat& luma) {
  if (luma.empty()) return {};
  return {measure_laplacian(luma), measure_blur(luma)};
}

}  // namespace sana::filter
