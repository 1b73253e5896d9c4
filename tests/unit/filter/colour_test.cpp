#include "filter/scores/colour.h"

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "support/catch.h"

namespace sana::filter {
namespace {

using sana_test::Approx;

cv::Mat filled(const cv::Scalar& bgr) { return cv::Mat(30, 40, CV_8UC3, bgr); }

TEST_CASE("grey pictures have no colour, whatever their structure", "[filter]") {
  cv::Mat grey(30, 40, CV_8U);
  cv::RNG(1).fill(grey, cv::RNG::UNIFORM, 0, 256);
  cv::Mat picture;
  cv::cvtColor(grey, picture, cv::COLOR_GRAY2BGR);
  for (const cv::Mat& each : {picture, filled({0, 0, 0}), filled({255, 255, 255})}) {
    const Colour colour = measure_colour(each);
    CHECK(colour.saturation == 0.0);
    CHECK(colour.colourfulness == 0.0);
  }
  CHECK(measure_colour({}).saturation == 0.0);
}

TEST_CASE("saturation is that of HSV, for pure, pale and dark colours", "[filter]") {
  CHECK(measure_colour(filled({0, 0, 255})).saturation == Approx(255.0));
  CHECK(measure_colour(filled({0, 90, 0})).saturation == Approx(255.0).epsilon(1e-3));
  CHECK(measure_colour(filled({100, 150, 200})).saturation == Approx(127.5).epsilon(1e-3));
  cv::Mat noise(37, 53, CV_8UC3);
  cv::RNG(2).fill(noise, cv::RNG::UNIFORM, 0, 256);
  cv::Mat hsv;
  cv::cvtColor(noise, hsv, cv::COLOR_BGR2HSV_FULL);
  CHECK(measure_colour(noise).saturation == Approx(cv::mean(hsv)[1]).margin(0.1));
}

TEST_CASE("colourfulness of one colour is 0.3 times its distance from grey", "[filter]") {
  // R - G = 100 and (R + G) / 2 - B = 100.
  CHECK(measure_colour(filled({50, 100, 200})).colourfulness ==
        Approx(0.3 * std::hypot(100.0, 100.0)));
}

TEST_CASE("two colours add their deviation to the colourfulness", "[filter]") {
  cv::Mat picture = filled({0, 0, 255});
  picture.rowRange(0, 15).setTo(cv::Scalar(0, 255, 0));
  // R - G is 255 or -255, (R + G) / 2 - B is 127.5 everywhere.
  CHECK(measure_colour(picture).colourfulness == Approx(255.0 + 0.3 * 127.5));
  picture.rowRange(0, 15).setTo(cv::Scalar(255, 255, 0));
  // R - G as before, (R + G) / 2 - B is 127.5 or -127.5.
  CHECK(measure_colour(picture).colourfulness == Approx(std::hypot(255.0, 127.5)));
}

TEST_CASE("a part of a picture is measured without the rest of its rows", "[filter]") {
  cv::Mat picture = filled({0, 0, 255});
  picture.colRange(20, 40).setTo(cv::Scalar(80, 80, 80));
  CHECK(measure_colour(picture.colRange(20, 40)).saturation == 0.0);
  CHECK(measure_colour(picture).saturation == Approx(127.5));
}

}  // namespace
}  // namespace sana::filter
