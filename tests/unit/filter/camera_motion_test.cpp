#include "filter/scores/camera_motion.h"

#include "support/catch.h"

namespace sana::filter {
namespace {

using sana_test::Approx;

// Samples on a grid that follow `field`, but for a block in the left of `outliers` columns of ten.
std::vector<FlowSample> make_samples(const cv::Matx23d& field, int outliers,
                                     const cv::Point2d& other) {
  std::vector<FlowSample> samples;
  for (int row = 0; row < 6; ++row) {
    for (int column = 0; column < 10; ++column) {
      const cv::Point2d at(-0.9 + 0.2 * column, -0.5 + 0.2 * row);
      const cv::Vec2d flow = field * cv::Vec3d(at.x, at.y, 1.0);
      samples.push_back({at, column < outliers ? other : cv::Point2d(flow), 1.0});
    }
  }
  return samples;
}

TEST_CASE("the camera's field is found although a third of the samples move otherwise",
          "[filter]") {
  const cv::Matx23d field(0.5, -0.2, 3.0, 0.1, 0.4, -1.0);
  const cv::Matx23d exact = fit_camera(make_samples(field, 0, {}));
  CHECK(cv::norm(exact - field) < 0.02);
  const cv::Matx23d robust = fit_camera(make_samples(field, 3, {-6.0, 5.0}));
  CHECK(cv::norm(robust - field) < 0.1);
  const cv::Matx23d still = fit_camera(make_samples(cv::Matx23d::zeros(), 3, {4.0, 0.0}));
  CHECK(cv::norm(still) < 0.1);
}

TEST_CASE("the fit survives no samples, one sample and samples on one line", "[filter]") {
  CHECK(cv::norm(fit_camera({})) == 0.0);
  CHECK(fit_camera({{{0.5, 0.5}, {2.0, 0.0}, 1.0}})(0, 2) == Approx(2.0).margin(0.1));
  CHECK(fit_camera({{{0.5, 0.5}, {2.0, 0.0}, 0.0}})(0, 2) == Approx(2.0).margin(0.1));
  std::vector<FlowSample> line;
  for (int i = -5; i <= 5; ++i) line.push_back({{0.1 * i, 0.0}, {1.0, 2.0}, 1.0});
  const cv::Matx23d camera = fit_camera(line);
  CHECK(camera(0, 2) == Approx(1.0).epsilon(0.01));
  CHECK(camera(1, 2) == Approx(2.0).epsilon(0.01));
}

TEST_CASE("the camera's share weighs its field against what is left", "[filter]") {
  const cv::Matx23d pan(0, 0, 3, 0, 0, 4);
  CHECK(share_of_camera({{{}, {3, 4}, 1.0}}, pan) == Approx(1.0));
  CHECK(share_of_camera({{{}, {3, 4}, 3.0}, {{}, {3, 24}, 1.0}}, pan) == Approx(0.5));
  CHECK(share_of_camera({{{}, {3, 4}, 1.0}}, cv::Matx23d::zeros()) == 0.0);
  CHECK(share_of_camera({}, pan) == 0.0);
  CHECK(share_of_camera({{{}, {0.01, 0}, 1.0}}, cv::Matx23d(0, 0, 0.01, 0, 0, 0)) == 0.0);
}

}  // namespace
}  // namespace sana::filter
