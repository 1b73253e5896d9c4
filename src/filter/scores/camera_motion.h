// Which part of the optical flow of a picture one movement of the camera explains.
#pragma once
#include <opencv2/core.hpp>
#include <vector>

namespace sana::filter {

// The flow at one place of a picture.
struct FlowSample {
  cv::Point2d at;    // from the centre of the picture, in halves of its longer side
  cv::Point2d flow;  // pixels
  double trust;      // 0..1: how well the texture around fixes the flow
};

// Mean over the samples of value(sample) with weight(sample); 0 without weight.
template <class Value, class Weight>
double mean_over(const std::vector<FlowSample>& samples, Value value, Weight weight) {
  double sum = 0;
  double total = 0;
  for (const FlowSample& sample : samples) {
    sum += weight(sample) * value(sample);
    total += weight(sample);
  }
  return total > 0 ? sum / total : 0.0;
}

// The affine field (u, v) = M (x, y, 1) in pixels that most of the samples follow; zero for no
// samples. Iteratively reweighted least squares with Geman-McClure weights, whose width shrinks
// from the size of the motion to the noise of the flow, so that moving things lose their vote.
// Samples without texture have a small vote too.
cv::Matx23d fit_camera(const std::vector<FlowSample>& samples);

// |camera| / (|camera| + |rest|), 0..1, means over the samples weighted by trust: rest is what is
// left of the flow without the camera's. 0 where both are below the noise of the flow.
double share_of_camera(const std::vector<FlowSample>& samples, const cv::Matx23d& camera);

}  // namespace sana::filter
