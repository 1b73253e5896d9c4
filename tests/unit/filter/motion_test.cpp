#include "filter/scores/motion.h"

#include <cmath>
#include <opencv2/imgproc.hpp>

#include "filter/scores/frame_size.h"
#include "support/catch.h"

namespace sana::filter {
namespace {

using sana_test::Approx;

constexpr int kWidth = 288;
constexpr int kHeight = 160;
constexpr int kFiner = 4;  // scenes are drawn finer, so that whole steps give parts of a pixel

// Noise with detail at several scales, as photographs have.
cv::Mat make_texture(int width, int height, uint64_t seed) {
  cv::RNG random(seed);
  cv::Mat noise(height, width, CV_32F);
  random.fill(noise, cv::RNG::UNIFORM, -1.0, 1.0);
  cv::Mat sum(height, width, CV_32F, cv::Scalar(120));
  for (const double sigma : {4.0, 8.0, 16.0, 32.0}) {
    cv::Mat blurred;
    cv::GaussianBlur(noise, blurred, {}, sigma);
    sum += blurred * (60.0 * sigma);  // blurring divides the deviation of noise by about sigma
  }
  cv::Mat texture;
  sum.convertTo(texture, CV_8U);
  return texture;
}

// What a camera sees that looks `x`, `y` pixels further right and down, from a finer scene.
cv::Mat view(const cv::Mat& scene, double x, double y) {
  const cv::Rect part(40 * kFiner + int(std::lround(x * kFiner)),
                      40 * kFiner + int(std::lround(y * kFiner)), kWidth * kFiner,
                      kHeight * kFiner);
  cv::Mat picture;
  cv::resize(scene(part), picture, {kWidth, kHeight}, 0, 0, cv::INTER_AREA);
  return picture;
}

cv::Mat make_scene() { return make_texture((kWidth + 80) * kFiner, (kHeight + 80) * kFiner, 11); }

// `ground` with a textured square of `side` pixels at x, y.
cv::Mat with_square(const cv::Mat& ground, int side, int x, int y) {
  cv::Mat picture = ground.clone();
  cv::Mat square;
  cv::resize(make_texture(side * kFiner, side * kFiner, 5), square, {side, side}, 0, 0,
             cv::INTER_AREA);
  square.copyTo(picture(cv::Rect(x, y, side, side)));
  return picture;
}

// `picture` with normal noise of `deviation` levels.
cv::Mat noisy(const cv::Mat& picture, double deviation, uint64_t seed) {
  cv::Mat noise(picture.size(), CV_32F);
  cv::RNG(seed).fill(noise, cv::RNG::NORMAL, 0, deviation);
  cv::Mat result;
  cv::add(picture, noise, result, cv::noArray(), CV_8U);
  return result;
}

// `picture` turned by `degrees` and enlarged around its centre.
cv::Mat turned(const cv::Mat& picture, double degrees, double zoom) {
  const cv::Point2f centre(kWidth / 2.0F, kHeight / 2.0F);
  cv::Mat result;
  cv::warpAffine(picture, result, cv::getRotationMatrix2D(centre, degrees, zoom), picture.size(),
                 cv::INTER_CUBIC, cv::BORDER_REFLECT);
  return result;
}

TEST_CASE("the magnitude of a pan is its length, from a quarter pixel to twelve", "[filter]") {
  MotionMeter meter;
  const cv::Mat scene = make_scene();
  const cv::Mat before = view(scene, 0, 0);
  for (const double step : {0.25, 1.0, 4.0, 12.0}) {
    INFO(step);
    const Flow flow = meter.measure(before, view(scene, step, step));
    CHECK(flow.magnitude == Approx(step * std::sqrt(2.0)).epsilon(0.05).margin(0.07));
  }
}

TEST_CASE("a pan, a zoom and a turn are camera motion, a moving square is not", "[filter]") {
  MotionMeter meter;
  const cv::Mat scene = make_scene();
  const cv::Mat ground = view(scene, 0, 0);
  CHECK(meter.measure(ground, view(scene, 3, 1)).camera_share > 0.9);
  CHECK(meter.measure(ground, view(scene, 12, 6)).camera_share > 0.9);
  CHECK(meter.measure(ground, turned(ground, 0, 1.04)).camera_share > 0.85);
  CHECK(meter.measure(ground, turned(ground, 2, 1)).camera_share > 0.85);
  for (const int side : {40, 100}) {
    INFO(side);
    const Flow flow =
        meter.measure(with_square(ground, side, 60, 30), with_square(ground, side, 65, 32));
    CHECK(flow.magnitude > 0.1);
    CHECK(flow.camera_share < 0.15);
  }
}

TEST_CASE("a square that moves while the camera pans leaves most of the motion to the camera",
          "[filter]") {
  MotionMeter meter;
  const cv::Mat scene = make_scene();
  const Flow flow = meter.measure(with_square(view(scene, 0, 0), 60, 60, 40),
                                  with_square(view(scene, 4, 0), 60, 64, 40));
  CHECK(flow.camera_share > 0.6);
  CHECK(flow.camera_share < 0.9);
}

TEST_CASE("a plain ground says that the camera rests, a plain sky does not", "[filter]") {
  MotionMeter meter;
  const cv::Mat plain(kHeight, kWidth, CV_8U, cv::Scalar(120));
  for (const double noise : {0.0, 2.0}) {
    INFO(noise);
    const Flow square = meter.measure(noisy(with_square(plain, 50, 60, 50), noise, 1),
                                      noisy(with_square(plain, 50, 65, 52), noise, 2));
    CHECK(square.camera_share < 0.1);
    const double covered = 50.0 * 50.0 / (kWidth * kHeight);
    CHECK(square.magnitude > covered * 5);
    CHECK(square.magnitude < covered * 5 * 5);  // whole cells on its border, and some noise
  }
  const cv::Mat scene = make_scene();
  cv::Mat before = view(scene, 0, 0);
  cv::Mat after = view(scene, 4, 0);
  for (cv::Mat* picture : {&before, &after}) picture->rowRange(0, kHeight / 2).setTo(180);
  CHECK(meter.measure(before, after).camera_share > 0.8);
}

TEST_CASE("equal and empty pictures do not move, noise hardly does", "[filter]") {
  MotionMeter meter;
  const cv::Mat picture = view(make_scene(), 0, 0);
  const Flow still = meter.measure(picture, picture.clone());
  CHECK(still.magnitude == 0.0);
  CHECK(still.camera_share == 0.0);
  CHECK(meter.measure({}, {}).magnitude == 0.0);
  CHECK(meter.measure(noisy(picture, 2, 1), noisy(picture, 2, 2)).magnitude < 0.05);
}

TEST_CASE("what was measured before has no influence, narrow pictures included", "[filter]") {
  const cv::Mat scene = make_scene();
  const cv::Mat before = view(scene, 0, 0);
  const cv::Mat after = view(scene, 5, 2);
  MotionMeter meter;
  const Flow first = meter.measure(before, after);
  const cv::Mat narrow = scene(cv::Rect(0, 0, 1000, 16)).clone();
  CHECK(meter.measure(narrow, scene(cv::Rect(2, 0, 1000, 16)).clone()).magnitude > 0.5);
  meter.measure(after, before);
  const Flow again = meter.measure(before, after);
  CHECK(again.magnitude == first.magnitude);
  CHECK(again.camera_share == first.camera_share);
}

TEST_CASE("motion is scaled to pictures of 576x320 a sixteenth of a second apart", "[filter]") {
  CHECK(motion_at_16_fps(3.0, 1.0 / 16) == Approx(6.0));
  CHECK(motion_at_16_fps(3.0, 1.0 / 8) == Approx(3.0));
  CHECK(motion_at_16_fps(3.0, 0.0) == 0.0);
}

}  // namespace
}  // namespace sana::filter
