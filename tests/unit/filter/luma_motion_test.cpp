#include "filter/scores/luma_motion.h"

#include <cmath>

#include "support/catch.h"

namespace sana::filter {
namespace {

using sana_test::Approx;

const cv::Size kSize(64, 32);

TEST_CASE("luma motion is the difference of two even pictures, whichever is brighter", "[filter]") {
  const cv::Mat dark(kSize, CV_8U, cv::Scalar(10));
  const cv::Mat bright(kSize, CV_8U, cv::Scalar(250));
  CHECK(luma_motion(dark, bright) == Approx(240.0));
  CHECK(luma_motion(bright, dark) == Approx(240.0));
  CHECK(luma_motion(dark, dark) == 0.0);
}

TEST_CASE("the blur spreads a changed pixel without losing any of it", "[filter]") {
  const cv::Mat before(kSize, CV_8U, cv::Scalar(100));
  cv::Mat after = before.clone();
  after.at<uint8_t>(10, 20) = 200;
  CHECK(luma_motion(before, after) == Approx(100.0 / double(kSize.area())).epsilon(1e-4));
}

TEST_CASE("opposite changes side by side cancel as far as the five taps overlap", "[filter]") {
  const cv::Mat before(kSize, CV_8U, cv::Scalar(100));
  cv::Mat after = before.clone();
  after.col(20).setTo(150);
  after.col(21).setTo(50);
  // Taps 0.0545, 0.2442, 0.4026, ... less the same taps one column on.
  const double left = 0.054488685 + (0.244201342 - 0.054488685) + (0.402619947 - 0.244201342);
  CHECK(luma_motion(before, after) == Approx(50.0 * 2 * left / kSize.width).epsilon(1e-4));
}

TEST_CASE("noise counts for a third of what it differs, moving structure for most", "[filter]") {
  cv::Mat before(160, 288, CV_8U, cv::Scalar(128));
  cv::Mat noise(before.size(), CV_32F);
  cv::RNG(4).fill(noise, cv::RNG::NORMAL, 0, 5);
  cv::Mat noisy;
  cv::add(before, noise, noisy, cv::noArray(), CV_8U);
  const double plain = cv::norm(before, noisy, cv::NORM_L1) / double(before.total());
  CHECK(luma_motion(before, noisy) < 0.4 * plain);
  cv::Mat after = before.clone();
  before(cv::Rect(50, 50, 40, 40)).setTo(200);
  after(cv::Rect(58, 50, 40, 40)).setTo(200);
  const double moved = cv::norm(before, after, cv::NORM_L1) / double(before.total());
  CHECK(luma_motion(before, after) > 0.8 * moved);
}

TEST_CASE("luma motion of nothing, or of two sizes, is 0", "[filter]") {
  const cv::Mat picture(kSize, CV_8U, cv::Scalar(100));
  CHECK(luma_motion({}, {}) == 0.0);
  CHECK(luma_motion({}, picture) == 0.0);
  CHECK(luma_motion(picture, picture.rowRange(0, 16)) == 0.0);
}

}  // namespace
}  // namespace sana::filter
