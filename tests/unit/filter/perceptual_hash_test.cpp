#include "filter/scores/perceptual_hash.h"

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "support/catch.h"

namespace sana::filter {
namespace {

// Ellipses before a gradient; another seed, another picture.
cv::Mat make_ellipses(int seed) {
  cv::RNG random{uint64_t(seed) + 31};
  cv::Mat picture(480, 832, CV_8U);
  for (int y = 0; y < picture.rows; ++y) picture.row(y) = 60 + y / 5;
  for (int i = 0; i < 12; ++i) {
    const cv::Point centre(random.uniform(0, 832), random.uniform(0, 480));
    const cv::Size axes(random.uniform(20, 160), random.uniform(20, 120));
    cv::ellipse(picture, centre, axes, random.uniform(0, 180), 0, 360,
                cv::Scalar(random.uniform(0, 256)), cv::FILLED, cv::LINE_AA);
  }
  return picture;
}

cv::Mat as_jpeg(const cv::Mat& picture, int quality) {
  std::vector<uint8_t> bytes;
  cv::imencode(".jpg", picture, bytes, {cv::IMWRITE_JPEG_QUALITY, quality});
  return cv::imdecode(bytes, cv::IMREAD_GRAYSCALE);
}

TEST_CASE("different pictures differ in about half of the bits", "[filter]") {
  double sum = 0;
  for (int i = 0; i < 20; ++i) {
    const int distance = hash_distance(perceptual_hash(make_ellipses(2 * i)),
                                       perceptual_hash(make_ellipses(2 * i + 1)));
    CHECK(distance > 12);
    sum += distance;
  }
  CHECK(sum / 20 > 26);
  CHECK(sum / 20 < 38);
}

TEST_CASE("encoding, scaling, brightness, contrast and noise hardly change the hash", "[filter]") {
  for (int seed = 0; seed < 5; ++seed) {
    INFO("seed " << seed);
    const cv::Mat picture = make_ellipses(seed);
    const uint64_t hash = perceptual_hash(picture);
    CHECK(hash_distance(hash, perceptual_hash(as_jpeg(picture, 15))) <= 4);
    cv::Mat changed;
    for (const cv::Size size : {cv::Size(320, 184), cv::Size(1280, 720), cv::Size(288, 166)}) {
      cv::resize(picture, changed, size, 0, 0, cv::INTER_AREA);
      CHECK(hash_distance(hash, perceptual_hash(changed)) <= 4);
    }
    picture.convertTo(changed, CV_8U, 0.7, 40);
    CHECK(hash_distance(hash, perceptual_hash(changed)) <= 2);
    cv::Mat noise(picture.size(), CV_16S);
    cv::RNG(1).fill(noise, cv::RNG::NORMAL, 0, 10);
    cv::add(picture, noise, changed, cv::noArray(), CV_8U);
    CHECK(hash_distance(hash, perceptual_hash(changed)) <= 4);
  }
}

TEST_CASE("a mirrored picture is another picture", "[filter]") {
  cv::Mat mirrored;
  cv::flip(make_ellipses(1), mirrored, 1);
  CHECK(hash_distance(perceptual_hash(make_ellipses(1)), perceptual_hash(mirrored)) > 16);
}

TEST_CASE("a picture with nothing to recognise has no hash, and matches nothing", "[filter]") {
  cv::Mat grain(480, 832, CV_8U, cv::Scalar(20));
  cv::Mat noise(grain.size(), CV_16S);
  cv::RNG(2).fill(noise, cv::RNG::NORMAL, 0, 8);
  cv::add(grain, noise, grain, cv::noArray(), CV_8U);
  for (const cv::Mat& flat : {cv::Mat(480, 832, CV_8U, cv::Scalar(0)), grain, cv::Mat()}) {
    CHECK(perceptual_hash(flat) == kNoHash);
  }
  CHECK(hash_distance(kNoHash, kNoHash) == 64);
  CHECK(hash_distance(kNoHash, perceptual_hash(make_ellipses(0))) == 64);
}

TEST_CASE("a faint picture and a plain drawing have a hash", "[filter]") {
  cv::Mat faint;
  make_ellipses(3).convertTo(faint, CV_8U, 0.1, 20);
  CHECK(hash_distance(perceptual_hash(faint), perceptual_hash(make_ellipses(3))) <= 8);
  for (const bool left_is_bright : {false, true}) {
    cv::Mat halves(64, 64, CV_8U, cv::Scalar(left_is_bright ? 50 : 200));
    halves.colRange(0, 32) = left_is_bright ? 200 : 50;
    CHECK(perceptual_hash(halves) != kNoHash);
  }
}

}  // namespace
}  // namespace sana::filter
