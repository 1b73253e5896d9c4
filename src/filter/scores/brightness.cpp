#include "filter/scores/brightness.h"

#include <algorithm>

namespace sana::filter {
namespace {

// Share of dark pixels of a black picture: the rest may be dust and scratches.
constexpr double kBlackShare = 0.98;

// Noisy leader: mean and deviation below these, in levels.
constexpr double kBlackMean = 20.0;
constexpr double kBlackDeviation = 8.0;

}  // namespace

Brightness measure_brightness(const cv::Mat& grey) {
  if (grey.empty()) return {};
  cv::Scalar mean;
  cv::Scalar deviation;
  cv::meanStdDev(grey, mean, deviation);
  const int dark = cv::countNonZero(grey < kDarkLevel);
  return {mean[0], deviation[0], double(dark) / double(grey.total())};
}

bool is_black(const Brightness& brightness) {
  return brightness.dark_share >= kBlackShare ||
         (brightness.mean < kBlackMean && brightness.deviation < kBlackDeviation);
}

double black_share(const std::vector<Brightness>& pictures) {
  if (pictures.empty()) return 0.0;
  const auto black = std::count_if(pictures.begin(), pictures.end(), is_black);
  return double(black) / double(pictures.size());
}

}  // namespace sana::filter
