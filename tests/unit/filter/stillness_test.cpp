#include "filter/scores/stillness.h"

#include "support/catch.h"

namespace sana::filter {
namespace {

using sana_test::Approx;

void add_pairs(std::vector<double>* differences, int count, double difference) {
  differences->insert(differences->end(), size_t(count), difference);
}

TEST_CASE("the difference of two pictures is the mean over all pixels", "[filter]") {
  const cv::Mat before(160, 288, CV_8U, cv::Scalar(100));
  cv::Mat after = before.clone();
  CHECK(frame_difference(before, after) == 0);
  after.rowRange(0, 40) = 80;
  CHECK(frame_difference(before, after) == Approx(5));
  CHECK(frame_difference(after, before) == Approx(5));
  CHECK(frame_difference(before, cv::Mat()) == 0);
}

TEST_CASE("movement, however little, is no freeze", "[filter]") {
  std::vector<double> differences;
  add_pairs(&differences, 100, 0.15);
  CHECK(measure_stillness(differences, 24).freeze_share == 0);
}

TEST_CASE("a freeze with the noise of compression counts by its length", "[filter]") {
  std::vector<double> differences;
  add_pairs(&differences, 30, 1.8);
  for (int i = 0; i < 120; ++i) differences.push_back(i % 2 == 0 ? 0.08 : 0.0);
  const Stillness stillness = measure_stillness(differences, 30);
  CHECK(stillness.freeze_share == Approx(0.8));
  CHECK(stillness.slideshow_share == 0);
}

TEST_CASE("repeated pictures of animation and pulldown are no freeze", "[filter]") {
  for (const int repeats : {1, 2, 3, 5}) {
    std::vector<double> differences;
    for (int i = 0; i < 20; ++i) {
      add_pairs(&differences, repeats, 0.01);
      add_pairs(&differences, 1, 6);
    }
    INFO(repeats << " repeats");
    CHECK(measure_stillness(differences, 24).freeze_share == 0);
  }
}

TEST_CASE("a still stretch counts from 0.4 s on", "[filter]") {
  for (const auto& [pairs, expected] : {std::pair(9, 0.0), std::pair(10, 0.5)}) {
    std::vector<double> differences;
    add_pairs(&differences, 5, 2);
    add_pairs(&differences, pairs, 0);
    add_pairs(&differences, 15 - pairs, 2);
    INFO(pairs << " pairs");
    CHECK(measure_stillness(differences, 25).freeze_share == Approx(expected));
  }
}

TEST_CASE("still pictures with cuts between them are a slide show", "[filter]") {
  std::vector<double> differences;
  for (int slide = 0; slide < 5; ++slide) {
    if (slide > 0) add_pairs(&differences, 1, 50);
    add_pairs(&differences, 49, 0.002);
  }
  const Stillness stillness = measure_stillness(differences, 25);
  CHECK(stillness.slideshow_share == Approx(245.0 / 249));
  CHECK(stillness.freeze_share == stillness.slideshow_share);
}

TEST_CASE("a cut that blending spreads over two pictures is a cut, a second of movement is not",
          "[filter]") {
  for (const auto& [pairs, is_cut] : {std::pair(2, true), std::pair(25, false)}) {
    std::vector<double> differences;
    add_pairs(&differences, 25, 0);
    add_pairs(&differences, pairs, 10);
    add_pairs(&differences, 25, 0);
    INFO(pairs << " pairs");
    CHECK((measure_stillness(differences, 25).slideshow_share > 0.5) == is_cut);
  }
}

TEST_CASE("a still picture that an encoder's key frame touches up is no slide show", "[filter]") {
  std::vector<double> differences;
  add_pairs(&differences, 25, 0.01);
  add_pairs(&differences, 1, 1.6);
  add_pairs(&differences, 24, 0.01);
  const Stillness stillness = measure_stillness(differences, 25);
  CHECK(stillness.freeze_share == Approx(0.98));
  CHECK(stillness.slideshow_share == 0);
}

TEST_CASE("a freeze between movements is no slide show", "[filter]") {
  std::vector<double> differences;
  add_pairs(&differences, 25, 9);
  add_pairs(&differences, 25, 0);
  add_pairs(&differences, 25, 9);
  const Stillness stillness = measure_stillness(differences, 25);
  CHECK(stillness.freeze_share == Approx(1.0 / 3));
  CHECK(stillness.slideshow_share == 0);
}

TEST_CASE("at one picture a second each unchanged pair is a freeze", "[filter]") {
  CHECK(measure_stillness({0.2, 0.05, 0.3, 0.25}, 1).freeze_share == Approx(0.25));
}

TEST_CASE("without pairs or rate nothing is still", "[filter]") {
  CHECK(measure_stillness({}, 25).freeze_share == 0);
  CHECK(measure_stillness({0, 0, 0}, 0).freeze_share == 0);
}

}  // namespace
}  // namespace sana::filter
