#include "filter/scores/borders.h"

#include <opencv2/imgproc.hpp>

#include "support/catch.h"

namespace sana::filter {
namespace {

using sana_test::Approx;

constexpr int kColumns = 416;
constexpr int kRows = 240;

// Blobs of all grey levels from `darkest` on; another seed, another picture.
cv::Mat make_blobs(int seed, int darkest = 20) {
  cv::RNG random{uint64_t(seed) + 77};
  cv::Mat coarse(15, 26, CV_8U);
  random.fill(coarse, cv::RNG::UNIFORM, darkest, 256);
  cv::Mat picture;
  cv::resize(coarse, picture, {kColumns, kRows}, 0, 0, cv::INTER_LINEAR);
  return picture;
}

// Three pictures with everything outside `box` painted in `level`.
std::vector<cv::Mat> framed(const cv::Rect& box, int level) {
  std::vector<cv::Mat> pictures;
  for (const int seed : {0, 1, 2}) {
    cv::Mat picture(kRows, kColumns, CV_8U, cv::Scalar(level));
    make_blobs(seed)(box).copyTo(picture(box));
    pictures.push_back(picture);
  }
  return pictures;
}

void add_noise(cv::Mat* picture, double deviation) {
  cv::Mat noise(picture->size(), CV_16S);
  cv::RNG(9).fill(noise, cv::RNG::NORMAL, 0, deviation);
  cv::add(*picture, noise, *picture, cv::noArray(), CV_8U);
}

void check_borders(const std::vector<cv::Mat>& pictures, int top, int bottom, int left, int right) {
  const Borders borders = measure_borders(pictures);
  CHECK(borders.top == top);
  CHECK(borders.bottom == bottom);
  CHECK(borders.left == left);
  CHECK(borders.right == right);
}

TEST_CASE("bars above and below, beside or around a picture are measured", "[filter]") {
  for (const int level : {0, 16, 128, 255}) {
    INFO("level " << level);
    check_borders(framed({0, 30, kColumns, 180}, level), 30, 30, 0, 0);
    check_borders(framed({53, 0, 310, kRows}, level), 0, 0, 53, 53);
    check_borders(framed({40, 24, 336, 192}, level), 24, 24, 40, 40);
  }
}

TEST_CASE("a picture without bars has no borders, nor has no picture", "[filter]") {
  check_borders({make_blobs(0), make_blobs(1), make_blobs(2)}, 0, 0, 0, 0);
  check_borders({}, 0, 0, 0, 0);
}

TEST_CASE("noise in the bars and a soft edge do not hide them", "[filter]") {
  std::vector<cv::Mat> pictures = framed({0, 30, kColumns, 180}, 3);
  for (cv::Mat& picture : pictures) {
    cv::GaussianBlur(picture, picture, {}, 0.8);
    add_noise(&picture, 3);
  }
  const Borders borders = measure_borders(pictures);
  CHECK(borders.top == Approx(30).margin(2));
  CHECK(borders.bottom == Approx(30).margin(2));
  CHECK(borders.left == 0);
  CHECK(borders.right == 0);
}

TEST_CASE("a bar must be there in all pictures", "[filter]") {
  std::vector<cv::Mat> pictures = framed({0, 30, kColumns, 180}, 0);
  pictures.push_back(make_blobs(3));
  check_borders(pictures, 0, 0, 0, 0);
}

TEST_CASE("black pictures of a fade say nothing about borders", "[filter]") {
  std::vector<cv::Mat> pictures = framed({0, 30, kColumns, 180}, 0);
  pictures.insert(pictures.begin(), cv::Mat(kRows, kColumns, CV_8U, cv::Scalar(0)));
  check_borders(pictures, 30, 30, 0, 0);
  check_borders({pictures[0], pictures[0]}, 0, 0, 0, 0);
}

// Black but for some lights within `box`.
cv::Mat make_night(int seed, const cv::Rect& box, int lights) {
  cv::Mat picture(kRows, kColumns, CV_8U, cv::Scalar(3));
  cv::RNG random{uint64_t(seed) + 5};
  for (int i = 0; i < lights; ++i) {
    const int x = random.uniform(box.x, box.br().x - 6), y = random.uniform(box.y, box.br().y - 6);
    picture(cv::Rect(x, y, 6, 6)) = 220;
  }
  return picture;
}

// What each picture shows by itself, put together.
Borders borders_of_each(const std::vector<cv::Mat>& pictures) {
  BorderMeter together;
  for (const cv::Mat& picture : pictures) {
    BorderMeter one;
    one.add(picture);
    together.add(one);
  }
  return together.result();
}

TEST_CASE("a nearly black picture does not hide the bars that the others show", "[filter]") {
  const cv::Rect box(0, 30, kColumns, 180);
  for (const size_t place : {size_t(0), size_t(1), size_t(3)}) {
    INFO("dark picture " << place);
    std::vector<cv::Mat> pictures = framed(box, 0);
    const cv::Mat dark = make_night(1, box, 12);
    REQUIRE(measure_borders({dark}).top == 0);  // by itself it shows none
    pictures.insert(pictures.begin() + ptrdiff_t(place), dark);
    const Borders borders = borders_of_each(pictures);
    CHECK(borders.top == 30);
    CHECK(borders.bottom == 30);
    CHECK(borders.left == 0);
    CHECK(borders.right == 0);
    check_borders(pictures, 30, 30, 0, 0);
  }
}

TEST_CASE("dark pictures have no bars, even if one seems to", "[filter]") {
  const cv::Rect whole(0, 0, kColumns, kRows);
  const std::vector<cv::Mat> night = {make_night(1, whole, 60), make_night(2, whole, 60)};
  CHECK(border_share(borders_of_each(night), whole.size()) == 0);
  // A lit stage between dark curtains, whose edges are straight; then lights go on everywhere.
  const cv::Mat stage = framed({0, 30, kColumns, 180}, 3).front();
  CHECK(border_share(borders_of_each({stage}), whole.size()) > 0);
  CHECK(border_share(borders_of_each({stage, night[0]}), whole.size()) == 0);
  CHECK(border_share(borders_of_each({night[0], stage}), whole.size()) == 0);
}

TEST_CASE("a subtitle in the lower bar leaves it a bar", "[filter]") {
  std::vector<cv::Mat> pictures = framed({0, 40, kColumns, 160}, 0);
  cv::putText(pictures[1], "Where have you been all day?", {80, 226}, cv::FONT_HERSHEY_SIMPLEX, 0.5,
              cv::Scalar(255), 1, cv::LINE_AA);
  check_borders(pictures, 40, 40, 0, 0);
}

TEST_CASE("a black sky over an uneven skyline is no bar", "[filter]") {
  cv::RNG random(4);
  std::vector<cv::Mat> pictures;
  for (int i = 0; i < 3; ++i) {
    cv::Mat picture = make_blobs(i, 60);
    for (int x = 0; x < kColumns; x += 16) {
      picture(cv::Rect(x, 0, 16, random.uniform(30, 110))) = 4;
    }
    pictures.push_back(picture);
  }
  check_borders(pictures, 0, 0, 0, 0);
}

TEST_CASE("a bright sky over a level horizon is no bar", "[filter]") {
  std::vector<cv::Mat> pictures;
  for (int i = 0; i < 3; ++i) {
    cv::Mat picture = make_blobs(i, 20);
    picture.rowRange(0, 80) = 200;
    pictures.push_back(picture);
  }
  check_borders(pictures, 0, 0, 0, 0);
}

TEST_CASE("one bar alone must be black, and then counts", "[filter]") {
  check_borders(framed({0, 0, kColumns, 200}, 0), 0, 40, 0, 0);
  check_borders(framed({0, 0, kColumns, 200}, 200), 0, 0, 0, 0);
}

TEST_CASE("bars of one colour but different widths are no pair", "[filter]") {
  check_borders(framed({0, 16, kColumns, 164}, 128), 0, 0, 0, 0);
  check_borders(framed({0, 30, kColumns, 176}, 128), 30, 34, 0, 0);
}

TEST_CASE("opposite a clear bar, one next to a dark picture is taken as wide", "[filter]") {
  std::vector<cv::Mat> pictures = framed({0, 30, kColumns, 180}, 0);
  cv::RNG random(6);
  for (int x = 0; x < kColumns; x += 16) {
    const int dark_from = random.uniform(90, 190);
    for (cv::Mat& picture : pictures) picture(cv::Rect(x, dark_from, 16, kRows - dark_from)) = 0;
  }
  check_borders(pictures, 30, 30, 0, 0);
}

TEST_CASE("pictures of another size are passed over", "[filter]") {
  BorderMeter meter;
  for (const cv::Mat& picture : framed({0, 30, kColumns, 180}, 0)) meter.add(picture);
  meter.add(cv::Mat(100, 100, CV_8U, cv::Scalar(50)));
  meter.add(cv::Mat());
  CHECK(meter.result().top == 30);
}

TEST_CASE("the crop box lies within the borders, with even corners and sides", "[filter]") {
  CHECK(crop_box({}, {832, 480}) == cv::Rect(0, 0, 832, 480));
  CHECK(crop_box({}, {833, 481}) == cv::Rect(0, 0, 832, 480));
  CHECK(crop_box({61, 60, 0, 0}, {832, 480}) == cv::Rect(0, 62, 832, 358));
  CHECK(crop_box({0, 0, 7, 5}, {832, 480}) == cv::Rect(8, 0, 818, 480));
  CHECK(crop_box({240, 240, 0, 0}, {832, 480}) == cv::Rect(0, 0, 832, 480));
}

TEST_CASE("the border share is the area of the bars", "[filter]") {
  CHECK(border_share({}, {832, 480}) == 0);
  CHECK(border_share({60, 60, 0, 0}, {832, 480}) == Approx(0.25));
  CHECK(border_share({60, 60, 208, 0}, {832, 480}) == Approx(1 - 0.75 * 0.75));
  CHECK(border_share({}, {}) == 0);
}

}  // namespace
}  // namespace sana::filter
