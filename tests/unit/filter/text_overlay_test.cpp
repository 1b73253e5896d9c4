#include "filter/scores/text_overlay.h"

#include <opencv2/imgproc.hpp>

#include "support/catch.h"

namespace sana::filter {
namespace {

using sana_test::Approx;

const cv::Size kPictureSize(832, 480);

// Noise of several scales: grass, gravel, foliage.
cv::Mat make_foliage(uint64_t seed, double deviation) {
  cv::RNG random(seed);
  cv::Mat sum(kPictureSize, CV_32F, cv::Scalar(110));
  for (const int cell : {2, 4, 9, 20, 60}) {
    cv::Mat coarse(kPictureSize.height / cell + 2, kPictureSize.width / cell + 2, CV_32F);
    random.fill(coarse, cv::RNG::NORMAL, 0, deviation);
    cv::Mat fine;
    cv::resize(coarse, fine, kPictureSize, 0, 0, cv::INTER_CUBIC);
    sum += fine;
  }
  cv::Mat picture;
  sum.convertTo(picture, CV_8U);
  return picture;
}

// White letters with a black outline, as subtitles have.
void write_line(cv::Mat* picture, const char* text, cv::Point at, double scale) {
  for (const auto& [level, thickness] : {std::pair(0, 6), std::pair(255, 2)}) {
    cv::putText(*picture, text, at, cv::FONT_HERSHEY_SIMPLEX, scale, cv::Scalar(level), thickness,
                cv::LINE_AA);
  }
}

double area_of(const char* text, double scale) {
  const cv::Size size = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, scale, 2, nullptr);
  return double(size.area()) / kPictureSize.area();
}

// Bricks of `width` x `height` with joints of 3 pixels, each row moved by half a brick.
cv::Mat make_bricks(int width, int height, int brick, int joint) {
  cv::RNG random(8);
  cv::Mat picture(kPictureSize, CV_8U, cv::Scalar(joint));
  for (int row = 0; row * height < picture.rows; ++row) {
    for (int x = row % 2 == 0 ? 0 : -width / 2; x < picture.cols; x += width) {
      const cv::Rect rect(x, row * height, width - 3, height - 3);
      cv::rectangle(picture, rect, cv::Scalar(brick + random.uniform(-12, 12)), cv::FILLED);
    }
  }
  return picture;
}

cv::Mat make_stripes(int period, int width, int top, int bottom) {
  cv::Mat picture(kPictureSize, CV_8U, cv::Scalar(60));
  for (int x = 0; x < picture.cols; x += period) {
    cv::rectangle(picture, {x, top}, {x + width - 1, bottom}, cv::Scalar(220), cv::FILLED);
  }
  return picture;
}

TEST_CASE("subtitles are found on plain and on textured pictures", "[filter]") {
  const char* text = "Where have you been all day?";
  for (const double deviation : {0.0, 8.0, 20.0}) {
    INFO("deviation " << deviation);
    cv::Mat picture = make_foliage(1, deviation);
    CHECK(text_share(picture) < 0.002);
    write_line(&picture, text, {170, 440}, 1.1);
    const double share = text_share(picture);
    CHECK(share > 0.6 * area_of(text, 1.1));
    CHECK(share < 1.8 * area_of(text, 1.1));
  }
}

TEST_CASE("dark letters on a bright page are found, line by line", "[filter]") {
  cv::Mat page(kPictureSize, CV_8U, cv::Scalar(250));
  double one_line = 0;
  for (int line = 0; line < 10; ++line) {
    cv::putText(page, "curiouser and curiouser cried Alice, and went on", {40, 40 + 44 * line},
                cv::FONT_HERSHEY_COMPLEX, 0.8, cv::Scalar(20), 1, cv::LINE_AA);
    if (line == 0) one_line = text_share(page);
  }
  CHECK(one_line > 0.02);
  CHECK(text_share(page) == Approx(10 * one_line).epsilon(0.1));
}

TEST_CASE("a small watermark is found, and is small", "[filter]") {
  cv::Mat picture = make_foliage(2, 4);
  write_line(&picture, "www.example.org", {600, 460}, 0.6);
  const double share = text_share(picture);
  CHECK(share > 0.002);
  CHECK(share < 0.02);
}

TEST_CASE("the share does not depend on the size of the file", "[filter]") {
  cv::Mat picture = make_foliage(3, 6);
  write_line(&picture, "It was a bright cold day in April", {100, 420}, 1.1);
  const double expected = text_share(picture);
  REQUIRE(expected > 0.03);
  for (const double factor : {0.75, 1.5, 3.0}) {
    cv::Mat scaled;
    cv::resize(picture, scaled, {}, factor, factor, factor < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
    INFO("factor " << factor);
    CHECK(text_share(scaled) == Approx(expected).epsilon(0.25));
  }
}

TEST_CASE("foliage, walls, fences and stripes are not text", "[filter]") {
  for (const uint64_t seed : {11, 12, 13, 14, 15, 16}) {
    INFO("seed " << seed);
    CHECK(text_share(make_foliage(seed, 25)) < 0.01);
  }
  for (const auto& [width, height] : {std::pair(40, 16), std::pair(64, 24), std::pair(90, 40)}) {
    INFO("bricks " << width << "x" << height);
    CHECK(text_share(make_bricks(width, height, 90, 200)) < 0.005);
    CHECK(text_share(make_bricks(width, height, 170, 60)) < 0.005);
  }
  for (const auto& [period, width] : {std::pair(8, 4), std::pair(14, 5), std::pair(30, 12)}) {
    INFO("stripes of " << width << " every " << period);
    CHECK(text_share(make_stripes(period, width, 0, 479)) < 0.005);
    CHECK(text_share(make_stripes(period, width, 200, 230)) < 0.005);
  }
}

TEST_CASE("a picture without any shape has no text", "[filter]") {
  CHECK(text_share(cv::Mat()) == 0);
  CHECK(text_share(cv::Mat(kPictureSize, CV_8U, cv::Scalar(128))) == 0);
  CHECK(text_share(cv::Mat(1, 1, CV_8U, cv::Scalar(5))) == 0);
}

}  // namespace
}  // namespace sana::filter
