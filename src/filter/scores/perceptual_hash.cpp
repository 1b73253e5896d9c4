#include "filter/scores/perceptual_hash.h"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>

#include "media/picture/shrink.h"

namespace sana::filter {
namespace {

constexpr int kHashSide = 32;
constexpr size_t kHashBits = 64;
// Standard deviation of the 32x32 picture, in grey levels, below which it shows nothing: what
// remains is the noise of compression.
constexpr double kLeastDeviation = 2.0;

// The 64 lowest frequencies by the sum of both indices, without the mean; along the diagonals.
std::array<float, kHashBits> low_frequencies(const cv::Mat& spectrum) {
  std::array<float, kHashBits> values{};
  size_t count = 0;
  for (int sum = 1; count < kHashBits; ++sum) {
    for (int row = 0; row <= sum && count < kHashBits; ++row) {
      values[count++] = spectrum.at<float>(row, sum - row);
    }
  }
  return values;
}

// Halves the picture first: the area method is slow at other ratios.
cv::Mat shrink_to_hash(const cv::Mat& grey) {
  const cv::Size size(kHashSide, kHashSide);
  cv::Mat small;
  cv::resize(media::halved(grey, size * 2), small, size, 0, 0, cv::INTER_AREA);
  return small;
}

}  // namespace

uint64_t perceptual_hash(const cv::Mat& grey) {
  if (grey.empty()) return kNoHash;
  const cv::Mat small = shrink_to_hash(grey);
  cv::Scalar mean;
  cv::Scalar deviation;
  cv::meanStdDev(small, mean, deviation);
  if (deviation[0] < kLeastDeviation) return kNoHash;
  cv::Mat spectrum;
  small.convertTo(spectrum, CV_32F);
  cv::dct(spectrum, spectrum);
  const std::array<float, kHashBits> values = low_frequencies(spectrum);
  std::array<float, kHashBits> sorted = values;
  std::nth_element(sorted.begin(), sorted.begin() + kHashBits / 2, sorted.end());
  const float median = sorted[kHashBits / 2];
  uint64_t hash = 0;
  for (size_t i = 0; i < kHashBits; ++i) hash |= uint64_t(values[i] > median) << i;
  // Hardly any bit is set if most frequencies are equal, as in drawings; yet there is a picture.
  return std::max(hash, kNoHash + 1);
}

}  // namespace sana::filter
