#include "filter/scores/camera_motion.h"

#include <cmath>

namespace sana::filter {
namespace {

// Mean flow below this, in pixels, is noise; the fit ends at weights of kSharpest pixels.
constexpr double kNoise = 0.03;
constexpr double kSharpest = 0.25;

// Vote in the fit of a cell without texture: where only one thing on a plain ground moves, the
// ground's stillness is the only sign that the camera rests.
constexpr double kPlainVote = 0.2;

double length(const cv::Point2d& p) { return std::sqrt(p.dot(p)); }

cv::Point2d flow_of(const cv::Matx23d& field, const cv::Point2d& at) {
  return {field(0, 0) * at.x + field(0, 1) * at.y + field(0, 2),
          field(1, 0) * at.x + field(1, 1) * at.y + field(1, 2)};
}

double trust_of(const FlowSample& sample) { return sample.trust; }
double vote_of(const FlowSample& sample) { return sample.trust + kPlainVote; }

// One step of the fit: least squares with the weights that residuals to `field` earn at `width`.
cv::Matx23d refit(const std::vector<FlowSample>& samples, const cv::Matx23d& field, double width) {
  cv::Matx33d normal = cv::Matx33d::zeros();
  cv::Matx23d target = cv::Matx23d::zeros();
  for (const FlowSample& sample : samples) {
    const cv::Point2d rest = sample.flow - flow_of(field, sample.at);
    const double falloff = 1.0 / (1.0 + rest.dot(rest) / (width * width));
    const cv::Vec3d place(sample.at.x, sample.at.y, 1.0);
    const cv::Vec3d weighted = vote_of(sample) * falloff * falloff * place;
    normal += weighted * place.t();
    target += cv::Vec2d(sample.flow.x, sample.flow.y) * weighted.t();
  }
  // A slight pull to a pure pan keeps the system solvable when the samples lie on one line.
  normal(0, 0) += 1e-3 * normal(2, 2);
  normal(1, 1) += 1e-3 * normal(2, 2);
  return target * normal.inv();
}

}  // namespace

cv::Matx23d fit_camera(const std::vector<FlowSample>& samples) {
  cv::Matx23d field = cv::Matx23d::zeros();
  if (samples.empty()) return field;
  double width = 2 * mean_over(
                         samples, [](const auto& s) { return length(s.flow); }, vote_of);
  for (; width > kSharpest; width /= 2) field = refit(samples, field, width);
  return refit(samples, field, kSharpest);
}

double share_of_camera(const std::vector<FlowSample>& samples, const cv::Matx23d& camera) {
  const auto moved = [&](const auto& s) { return length(flow_of(camera, s.at)); };
  const auto rest = [&](const auto& s) { return length(s.flow - flow_of(camera, s.at)); };
  const double mean_moved = mean_over(samples, moved, trust_of);
  const double sum = mean_moved + mean_over(samples, rest, trust_of);
  return sum > kNoise ? mean_moved / sum : 0.0;
}

}  // namespace sana::filter
