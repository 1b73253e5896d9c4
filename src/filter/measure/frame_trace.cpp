#include "filter/measure/frame_trace.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <opencv2/imgproc.hpp>

#include "filter/scores/brightness.h"
#include "filter/scores/stillness.h"
#include "media/picture/shrink.h"

namespace sana::filter {
namespace {

// A gradient above this, on a picture shrunk by two, is an edge.
constexpr int kEdgeLevel = 48;

// Edges as 0 or 255, widened by a pixel so that a slow movement keeps them in place.
cv::Mat edges_of(const cv::Mat& grey) {
  cv::Mat gradient, edges;
  cv::morphologyEx(grey, gradient, cv::MORPH_GRADIENT,
                   cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
  cv::threshold(gradient, edges, kEdgeLevel, 255, cv::THRESH_BINARY);
  return edges;
}

// Mean difference of hue (0..180, a circle) in levels of 255, each pixel weighted by the smaller of
// its two saturations.
double hue_difference(const cv::Mat& a, const cv::Mat& b) {
  int64_t sum = 0;
  for (int row = 0; row < a.rows; ++row) {
    const auto* p = a.ptr<uint8_t>(row);
    const auto* q = b.ptr<uint8_t>(row);
    for (int i = 0; i < 3 * a.cols; i += 3) {
      const int apart = std::abs(int(p[i]) - int(q[i]));
      sum += std::min(apart, 180 - apart) * std::min(p[i + 1], q[i + 1]);
    }
  }
  return double(sum) / (double(a.total()) * 90);
}

// Share of edge pixels of either picture that the other lacks, in levels of 255.
double edge_difference(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat either, both;
  cv::bitwise_or(a, b, either);
  cv::bitwise_and(a, b, both);
  const int all = cv::countNonZero(either);
  // Few edges say nothing: a fade's last frames have some by chance.
  const double least = 0.02 * double(a.total());
  return 255 * double(all - cv::countNonZero(both)) / std::max(double(all), least);
}

}  // namespace

double thumbnail_distance(const FrameTrace& a, const FrameTrace& b) {
  int64_t sum = 0;
  for (size_t i = 0; i < a.thumbnail.size(); ++i) {
    sum += std::abs(int(a.thumbnail[i]) - int(b.thumbnail[i]));
  }
  return double(sum) / double(a.thumbnail.size());
}

double FrameTracer::change_of(const cv::Mat& hsv, const cv::Mat& edges) const {
  cv::Mat difference;
  cv::absdiff(hsv, hsv_, difference);
  const cv::Scalar mean = cv::mean(difference);
  // Edges weigh less: they also move when the camera pans.
  return (hue_difference(hsv, hsv_) + mean[1] + mean[2] + 0.3 * edge_difference(edges, edges_)) /
         3.3;
}

FrameTrace FrameTracer::trace(double time_s, const cv::Mat& bgr, const cv::Mat& grey) {
  FrameTrace trace;
  trace.time_s = time_s;
  const Brightness brightness = measure_brightness(grey);
  trace.mean = float(brightness.mean);
  trace.deviation = float(brightness.deviation);
  trace.dark_share = float(brightness.dark_share);
  const cv::Mat half_grey = media::shrunk(grey, bgr.size());
  cv::Mat thumbnail(FrameTrace::kRows, FrameTrace::kColumns, CV_8UC1, trace.thumbnail.data());
  cv::resize(media::halved(half_grey, thumbnail.size() * 2), thumbnail, thumbnail.size(), 0, 0,
             cv::INTER_AREA);
  cv::Mat hsv;
  cv::cvtColor(bgr, hsv, cv::COLOR_BGR2HSV);
  const cv::Mat edges = edges_of(half_grey);
  if (!grey_.empty()) {
    trace.difference = float(frame_difference(grey, grey_));
    trace.change = float(change_of(hsv, edges));
  }
  grey_ = grey, hsv_ = hsv, edges_ = edges;
  return trace;
}

}  // namespace sana::filter
