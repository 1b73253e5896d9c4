// Cuts, fades, dissolves and flashes on synthetic scenes whose boundaries are known.
#include "filter/measure/shot_finder.h"

#include "unit/filter/filter_fixtures.h"

namespace {
using namespace sana::filter;
using namespace sana_test;

constexpr double kStep = 1.0 / 25;

std::vector<int64_t> cuts(const std::vector<cv::Mat>& pictures, const ShotConfig& config = {}) {
  return find_cuts(traces(pictures), kStep, config);
}

std::vector<FrameRange> shots(const std::vector<cv::Mat>& pictures, const ShotConfig& config = {}) {
  return find_shots(traces(pictures), kStep, config);
}

cv::Mat darkened(const cv::Mat& picture, double factor) {
  cv::Mat out;
  picture.convertTo(out, -1, factor);
  return out;
}

}  // namespace

TEST_CASE("a cut lies between two scenes, and movement is none", "[filter]") {
  auto pictures = shot(1, 40, 3);
  append(pictures, shot(2, 40, 1));
  append(pictures, shot(3, 40, 6));
  CHECK(cuts(pictures) == std::vector<int64_t>{40, 80});
  CHECK(cuts(shot(1, 120, 8)).empty());
}

TEST_CASE("repeated frames do not make cuts of ordinary movement", "[filter]") {
  std::vector<cv::Mat> pictures;
  for (const cv::Mat& picture : shot(4, 40, 6)) append(pictures, {picture, picture, picture});
  CHECK(cuts(pictures) == std::vector<int64_t>());
}

TEST_CASE("shots are trimmed on both sides of a cut, not at the ends of the video", "[filter]") {
  auto pictures = shot(1, 40);
  append(pictures, shot(2, 40));
  ShotConfig config;
  config.trim_s = 0.12;  // three frames
  const auto found = shots(pictures, config);
  REQUIRE(found.size() == 2);
  CHECK(found[0].first == 0);
  CHECK(found[0].last == 39 - 3);
  CHECK(found[1].first == 40 + 3);
  CHECK(found[1].last == 79);
}

TEST_CASE("a flash is no cut", "[filter]") {
  auto pictures = shot(1, 60, 1);
  for (int i = 30; i < 32; ++i) pictures[size_t(i)].setTo(cv::Scalar::all(250));
  CHECK(cuts(pictures) == std::vector<int64_t>());
  // Without the return of the first scene the same jump is one.
  const auto other = shot(2, 28, 1);
  std::copy(other.begin(), other.end(), pictures.begin() + 32);
  CHECK_FALSE(cuts(pictures).empty());
}

TEST_CASE("a fade through black separates shots, and its ramps belong to none", "[filter]") {
  auto pictures = shot(1, 50, 1);
  for (int i = 0; i < 20; ++i) pictures.push_back(darkened(pictures[49], 1 - (i + 1) / 20.0));
  append(pictures, std::vector<cv::Mat>(5, cv::Mat::zeros(160, 288, CV_8UC3)));
  auto second = shot(2, 50, 1);
  for (int i = 0; i < 20; ++i) pictures.push_back(darkened(second[0], (i + 1) / 20.0));
  append(pictures, second);
  const auto found = shots(pictures);
  REQUIRE(found.size() == 2);
  CHECK(found[0].first == 0);
  CHECK(found[0].last >= 40);
  CHECK(found[0].last <= 53);
  CHECK(found[1].first >= 92);
  CHECK(found[1].first <= 101);
  CHECK(found[1].last == int64_t(pictures.size()) - 1);
}

TEST_CASE("a dissolve separates shots, a pan or a change of light does not", "[filter]") {
  auto pictures = shot(1, 50, 0);
  const auto second = shot(2, 50, 0);
  for (int i = 1; i < 25; ++i) {
    cv::Mat blend;
    cv::addWeighted(pictures[49], 1 - i / 25.0, second[0], i / 25.0, 0, blend);
    pictures.push_back(blend);
  }
  append(pictures, second);
  const auto dissolves = find_dissolves(traces(pictures), kStep);
  REQUIRE(dissolves.size() == 1);
  CHECK(std::abs(dissolves[0].first - 49) <= 3);
  CHECK(std::abs(dissolves[0].last - 74) <= 3);
  CHECK(shots(pictures).size() == 2);

  CHECK(find_dissolves(traces(shot(1, 120, 3)), kStep).empty());
  auto dimmed = shot(3, 50, 0);
  for (int i = 1; i <= 25; ++i) dimmed.push_back(darkened(dimmed[0], 1 - i / 50.0));
  for (int i = 0; i < 50; ++i) dimmed.push_back(dimmed.back());
  CHECK(find_dissolves(traces(dimmed), kStep).empty());
}

TEST_CASE("long shots are divided into equal parts", "[filter]") {
  ShotConfig config;
  config.max_s = 2;  // 50 frames
  const auto found = shots(shot(1, 120), config);
  REQUIRE(found.size() == 3);
  for (const FrameRange& range : found) CHECK(range.size() == 40);
  CHECK(found[2].last == 119);
}

TEST_CASE("nothing but black has no shot", "[filter]") {
  CHECK(shots(std::vector<cv::Mat>(30, cv::Mat::zeros(160, 288, CV_8UC3))).empty());
  CHECK(find_shots({}, kStep, {}).empty());
}
