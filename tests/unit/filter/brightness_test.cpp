#include "filter/scores/brightness.h"

#include <cmath>

#include "support/catch.h"

namespace sana::filter {
namespace {

using sana_test::Approx;

cv::Mat filled(int level) { return cv::Mat(160, 288, CV_8U, cv::Scalar(level)); }

cv::Mat noisy(int level, double deviation) {
  cv::Mat noise(160, 288, CV_32F);
  cv::RNG(6).fill(noise, cv::RNG::NORMAL, level, deviation);
  cv::Mat picture;
  noise.convertTo(picture, CV_8U);
  return picture;
}

TEST_CASE("brightness gives mean, deviation and the share below the dark level", "[filter]") {
  cv::Mat picture = filled(kDarkLevel - 1);
  picture.colRange(0, 72).setTo(kDarkLevel);
  const Brightness quarter = measure_brightness(picture);
  CHECK(quarter.mean == Approx(kDarkLevel - 0.75));
  CHECK(quarter.deviation == Approx(std::sqrt(0.25 * 0.75)));
  CHECK(quarter.dark_share == Approx(0.75));
  picture.colRange(0, 72).setTo(223);
  CHECK(measure_brightness(picture).mean == Approx(73.0));
  CHECK(measure_brightness({}).dark_share == 0.0);
}

TEST_CASE("black is black at the end of a fade, with noise and with dust", "[filter]") {
  CHECK(is_black(measure_brightness(filled(0))));
  CHECK(is_black(measure_brightness(filled(16))));
  CHECK(is_black(measure_brightness(noisy(16, 6))));
  cv::Mat dusty = noisy(10, 5);
  dusty(cv::Rect(100, 50, 20, 20)).setTo(240);
  CHECK(is_black(measure_brightness(dusty)));
}

TEST_CASE("a dim scene, a night with lights and a title on black are not black", "[filter]") {
  CHECK_FALSE(is_black(measure_brightness(filled(30))));
  CHECK_FALSE(is_black(measure_brightness(noisy(30, 8))));
  CHECK_FALSE(is_black(measure_brightness(noisy(16, 30))));
  cv::Mat night = filled(8);
  for (int x = 0; x < 288; x += 24) night(cv::Rect(x, 60, 6, 22)).setTo(220);
  CHECK_FALSE(is_black(measure_brightness(night)));
}

TEST_CASE("the share of black pictures counts them", "[filter]") {
  const Brightness black = measure_brightness(filled(0));
  const Brightness grey = measure_brightness(filled(100));
  CHECK(black_share({}) == 0.0);
  CHECK(black_share({grey, grey}) == 0.0);
  CHECK(black_share({black, grey, grey, grey}) == Approx(0.25));
  CHECK(black_share({black}) == 1.0);
}

}  // namespace
}  // namespace sana::filter
