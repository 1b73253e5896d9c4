#include "data/clips/frame_selection.h"

#include "support/data_fixtures.h"

namespace sana::data {
namespace {

std::vector<double> regular_times(int count, double fps) {
  std::vector<double> times;
  for (int i = 0; i < count; ++i) times.push_back(i / fps);
  return times;
}

TEST_CASE("the same rate keeps every frame", "[data]") {
  const auto chosen = nearest_frames(regular_times(45, 16), 16, 16);
  REQUIRE(chosen.size() == 45);
  for (size_t i = 0; i < chosen.size(); ++i) CHECK(chosen[i] == int64_t(i));
}

TEST_CASE("a faster source is thinned to the nearest timestamps", "[data]") {
  // t_k = k / 16 against frames at i / 30: i nearest to 1.875 k.
  const std::vector<int64_t> expected = {0, 2, 4, 6, 7, 9, 11, 13, 15};
  const auto chosen = nearest_frames(regular_times(30, 30), 30, 16);
  REQUIRE(chosen.size() == 16);
  for (size_t k = 0; k < expected.size(); ++k) CHECK(chosen[k] == expected[k]);
}

TEST_CASE("a slower source repeats frames", "[data]") {
  CHECK(nearest_frames(regular_times(4, 8), 8, 16) == std::vector<int64_t>{0, 0, 1, 1, 2, 2, 3, 3});
}

TEST_CASE("irregular timestamps are followed, not frame numbers", "[data]") {
  const std::vector<double> times = {2.0, 2.1, 2.2, 3.0, 3.1};
  // At 2.0, 2.2, 2.4, 2.6 (as near to 2.2 as to 3.0: the earlier), 2.8, 3.0, 3.2.
  CHECK(nearest_frames(times, 4.0 / 1.1, 5) == std::vector<int64_t>{0, 2, 2, 2, 3, 3, 4});
}

TEST_CASE("windows do not overlap and leave equal gaps", "[data]") {
  CHECK(window_starts(10, 5, 1) == std::vector<int64_t>{2});
  CHECK(window_starts(5, 5, 3) == std::vector<int64_t>{0});
  CHECK(window_starts(100, 10, 2) == std::vector<int64_t>{26, 63});
  CHECK(window_starts(30, 10, 9) == std::vector<int64_t>{0, 10, 20});
  CHECK(window_starts(4, 5, 1).empty());
}

}  // namespace
}  // namespace sana::data
