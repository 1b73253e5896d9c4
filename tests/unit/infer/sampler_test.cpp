#include "infer/sampler.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/error.h"
#include "support/catch.h"

namespace {

using sana::infer::make_sampler;

// v(x, t) = 0.5 x + cos(0.003 t) - 0.2 from x = 1; reference trajectories were computed in float64.
double toy_result(const std::string& name, int64_t steps, double shift) {
  const auto sampler = make_sampler(name);
  const auto velocity = [](const at::Tensor& x, double, double t) {
    return 0.5 * x + (std::cos(0.003 * t) - 0.2);
  };
  return sampler->sample(at::ones({1}), sampler->schedule(steps, shift), velocity).item<double>();
}

}  // namespace

TEST_CASE("DPM-Solver++ follows the reference trajectory", "[infer]") {
  CHECK(toy_result("dpm-solver++", 4, 8.0) == sana_test::Approx(1.296962).epsilon(2e-6));
  CHECK(toy_result("dpm-solver++", 10, 8.0) == sana_test::Approx(0.869871).epsilon(2e-6));
  CHECK(toy_result("dpm-solver++", 50, 8.0) == sana_test::Approx(0.635431).epsilon(5e-6));
}

TEST_CASE("Euler follows the reference trajectory", "[infer]") {
  CHECK(toy_result("euler", 4, 8.0) == sana_test::Approx(1.321111).epsilon(2e-6));
  CHECK(toy_result("euler", 10, 8.0) == sana_test::Approx(0.916842).epsilon(2e-6));
  CHECK(toy_result("euler", 50, 8.0) == sana_test::Approx(0.687220).epsilon(5e-6));
}

TEST_CASE("the DPM grid starts below one and its timesteps are truncated", "[infer]") {
  const auto schedule = make_sampler("dpm-solver++")->schedule(10, 8.0);
  CHECK(schedule.sigmas[0].item<float>() == sana_test::Approx(0.99987489));
  CHECK(schedule.sigmas[9].item<float>() == sana_test::Approx(0.470311314));
  CHECK(schedule.sigmas[10].item<float>() == 0.0f);
  CHECK(schedule.timesteps[3].item<float>() == 948.0f);
}

TEST_CASE("every sampler returns the data of an ideal model", "[infer]") {
  const std::string name = GENERATE(std::string("dpm-solver++"), "euler");
  const int64_t steps = GENERATE(1, 2, 10);
  const auto sampler = make_sampler(name);
  const auto ideal = [](const at::Tensor& x, double sigma, double) { return (x - 0.3) / sigma; };
  int64_t calls = 0;
  const at::Tensor x = sampler->sample(at::ones({2, 3}), sampler->schedule(steps, 8.0), ideal,
                                       [&](int64_t, int64_t) { ++calls; });
  CHECK((x - 0.3).abs().max().item<double>() < 1e-5);
  CHECK(calls == steps);
}

TEST_CASE("an unknown sampler is refused by name", "[infer]") {
  CHECK_THROWS_WITH(make_sampler("heun"), sana_test::ContainsSubstring("heun"));
}
