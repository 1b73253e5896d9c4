#include "filter/scores/flicker.h"

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>

#include "support/catch.h"

namespace sana::filter {
namespace {

using sana_test::Approx;

// level(t) for t = 0, 1, ...
template <class Level>
std::vector<double> make_shot(int frames, Level level) {
  std::vector<double> shot;
  for (int t = 0; t < frames; ++t) shot.push_back(level(t));
  return shot;
}

double wave(int t, double period, double phase) {
  return std::sin(2 * std::numbers::pi * (t / period + phase));
}

TEST_CASE("frames that alternate flicker by the distance of their levels", "[filter]") {
  const auto alternating = [](int t) { return 100.0 + 8.0 * (t % 2); };
  CHECK(flicker(make_shot(50, alternating)) == Approx(8.0));
  const auto fading = [](int t) { return 2.0 * t + 8.0 * (t % 2); };
  CHECK(flicker(make_shot(50, fading)) == Approx(8.0));
  const auto shown_twice = [](int t) { return 100.0 + 8.0 * (t / 2 % 2); };
  CHECK(flicker(make_shot(50, shown_twice)) == Approx(8.0));
}

TEST_CASE("waves of three to six frames flicker by about half their height, at any phase",
          "[filter]") {
  for (const double period : {3.0, 4.0, 5.0, 6.0}) {
    for (const double phase : {0.0, 0.07, 0.125, 0.2}) {
      INFO(period << " " << phase);
      const auto level = [&](int t) { return 100.0 + 5.0 * wave(t, period, phase); };
      CHECK(flicker(make_shot(60, level)) > 4.0);
      CHECK(flicker(make_shot(60, level)) < 10.0);
    }
  }
}

TEST_CASE("exposure that jumps at random, as old film does, flickers", "[filter]") {
  std::mt19937 random(5);
  const auto level = [&](int) { return 100.0 + double(random() % 13); };
  CHECK(flicker(make_shot(60, level)) > 3.0);
}

TEST_CASE("stillness, fades and slow changes do not flicker", "[filter]") {
  CHECK(flicker(make_shot(50, [](int) { return 80.0; })) == 0.0);
  CHECK(flicker(make_shot(50, [](int t) { return 200.0 - 4.0 * t; })) == Approx(0.0).margin(1e-9));
  const auto ends_black = [](int t) { return std::max(0.0, 200.0 - 8.0 * t); };
  CHECK(flicker(make_shot(60, ends_black)) < 0.1);
  const auto swaying = [](int t) { return 100.0 + 20.0 * wave(t, 60.0, 0.0); };
  CHECK(flicker(make_shot(120, swaying)) < 0.5);
}

TEST_CASE("flashes of lightning and a jump of the exposure do not make a shot flicker",
          "[filter]") {
  auto shot = make_shot(50, [](int) { return 60.0; });
  shot[20] = 240.0;
  CHECK(flicker(shot) == 0.0);
  shot[21] = 150.0;
  shot[22] = 90.0;
  CHECK(flicker(shot) == 0.0);
  CHECK(flicker(make_shot(50, [](int t) { return t < 25 ? 60.0 : 90.0; })) == 0.0);
}

TEST_CASE("a shot of fewer than five frames does not flicker", "[filter]") {
  CHECK(flicker({}) == 0.0);
  CHECK(flicker({10.0}) == 0.0);
  CHECK(flicker({10.0, 50.0, 10.0, 50.0}) == 0.0);
  CHECK(flicker({10.0, 50.0, 10.0, 50.0, 10.0}) == Approx(40.0));
}

}  // namespace
}  // namespace sana::filter
