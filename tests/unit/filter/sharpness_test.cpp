#include "filter/scores/sharpness.h"

#include <opencv2/imgproc.hpp>

#include "support/catch.h"

namespace sana::filter {
namespace {

using sana_test::Approx;

// Discs of many sizes before each other: edges, and detail at all scales as in photographs.
cv::Mat make_discs(cv::Size size) {
  cv::RNG random(3);
  cv::Mat fine(1440, 2496, CV_8U, cv::Scalar(120));
  for (int i = 0; i < 3000; ++i) {
    const double radius = 8 / random.uniform(0.02, 1.0);
    const cv::Point centre(random.uniform(0, fine.cols), random.uniform(0, fine.rows));
    cv::circle(fine, centre, int(radius), cv::Scalar(random.uniform(20, 235)), cv::FILLED);
  }
  cv::Mat picture;
  cv::resize(fine, picture, size, 0, 0, cv::INTER_AREA);
  return picture;
}

cv::Mat blurred_by(const cv::Mat& picture, double sigma_x, double sigma_y) {
  cv::Mat out;
  cv::GaussianBlur(picture, out, {}, sigma_x, sigma_y);
  return out;
}

TEST_CASE("a flat picture has no detail and counts as blurred, as does an empty one", "[filter]") {
  for (const cv::Mat& picture : {cv::Mat(480, 832, CV_8U, cv::Scalar(90)), cv::Mat()}) {
    const Sharpness sharpness = measure_sharpness(picture);
    CHECK(sharpness.laplacian == 0);
    CHECK(sharpness.blur == 1);
  }
}

TEST_CASE("a picture smaller than the low-pass is measured without an error", "[filter]") {
  CHECK(measure_sharpness(cv::Mat(3, 5, CV_8U, cv::Scalar(7))).blur == 1);
}

TEST_CASE("blurring lowers the laplacian and raises the blur step by step", "[filter]") {
  const cv::Mat sharp = make_discs({832, 480});
  Sharpness before = measure_sharpness(sharp);
  CHECK(before.blur < 0.4);
  CHECK(before.laplacian > 300);
  for (const double sigma : {1.0, 2.0, 4.0}) {
    const Sharpness after = measure_sharpness(blurred_by(sharp, sigma, sigma));
    INFO("sigma " << sigma);
    CHECK(after.laplacian < 0.9 * before.laplacian);
    CHECK(after.blur > before.blur + 0.05);
    before = after;
  }
  CHECK(before.blur > 0.8);
  CHECK(before.laplacian < 60);
}

TEST_CASE("movement that blurs one direction only is blur all the same", "[filter]") {
  const cv::Mat sharp = make_discs({832, 480});
  CHECK(measure_sharpness(blurred_by(sharp, 4, 0.01)).blur > 0.7);
  CHECK(measure_sharpness(blurred_by(sharp, 0.01, 4)).blur > 0.7);
}

TEST_CASE("the laplacian of one scene is about the same at every size", "[filter]") {
  const double expected = measure_sharpness(make_discs({832, 480})).laplacian;
  for (const cv::Size size : {cv::Size(416, 240), cv::Size(624, 360), cv::Size(1248, 720)}) {
    INFO(size);
    CHECK(measure_sharpness(make_discs(size)).laplacian == Approx(expected).epsilon(0.4));
  }
}

TEST_CASE("an enlarged picture is blurred, however sharp it was", "[filter]") {
  const cv::Mat small = make_discs({320, 184});
  cv::Mat enlarged;
  cv::resize(small, enlarged, {960, 552}, 0, 0, cv::INTER_CUBIC);
  CHECK(measure_sharpness(small).blur < 0.4);
  CHECK(measure_sharpness(enlarged).blur > 0.55);
}

TEST_CASE("contrast changes the laplacian by its square and the blur hardly", "[filter]") {
  const cv::Mat sharp = make_discs({832, 480});
  cv::Mat pale;
  sharp.convertTo(pale, CV_8U, 0.5, 60);
  const Sharpness full = measure_sharpness(sharp);
  const Sharpness half = measure_sharpness(pale);
  CHECK(half.laplacian == Approx(full.laplacian / 4).epsilon(0.05));
  CHECK(half.blur == Approx(full.blur).margin(0.05));
}

TEST_CASE("the noise of a camera does not make a blurred picture sharp", "[filter]") {
  const cv::Mat soft = blurred_by(make_discs({832, 480}), 4, 4);
  cv::Mat noise(soft.size(), CV_16S);
  cv::RNG(5).fill(noise, cv::RNG::NORMAL, 0, 2);
  cv::Mat noisy;
  cv::add(soft, noise, noisy, cv::noArray(), CV_8U);
  CHECK(measure_sharpness(noisy).blur > 0.6);
}

}  // namespace
}  // namespace sana::filter
