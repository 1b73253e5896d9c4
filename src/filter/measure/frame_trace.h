// What is kept of every frame of a video until its shots are known: a few numbers and a thumbnail,
// 200 bytes, so that hours of video fit.
#pragma once
#include <array>
#include <cstdint>
#include <opencv2/core.hpp>

namespace sana::filter {

struct FrameTrace {
  static constexpr int kColumns = 16, kRows = 9;

  double time_s = 0;
  float change = 0;      // of content since the frame before, 0..255: see ChangeMeter
  float difference = 0;  // mean absolute difference of luma to the frame before, 0..255
  float mean = 0;        // of luma, 0..255
  float deviation = 0;   // standard deviation of luma
  float dark_share = 0;  // of the pixels
  std::array<uint8_t, size_t(kColumns) * kRows> thumbnail{};  // luma
};

// Mean absolute difference of two thumbnails, 0..255.
double thumbnail_distance(const FrameTrace& a, const FrameTrace& b);

// Turns small pictures, given in order, into traces. Content changes are measured as cut detectors
// do: mean absolute differences of hue (weighted by saturation, since the hue of grey is noise),
// saturation and value, and the share of edges that moved.
class FrameTracer {
 public:
  // `grey`: luma [h, w] uint8; `bgr`: the same picture [h / 2, w / 2, 3] uint8.
  FrameTrace trace(double time_s, const cv::Mat& bgr, const cv::Mat& grey);

 private:
  double change_of(const cv::Mat& hsv, const cv::Mat& edges) const;

  cv::Mat grey_, hsv_, edges_;  // of the frame before; empty before the first
};

}  // namespace sana::filter
