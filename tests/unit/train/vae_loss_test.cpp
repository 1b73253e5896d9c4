#include "train/vae_loss.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/counter_random.h"
#include "core/random.h"
#include "support/catch.h"
#include "train/random_window.h"

namespace {
using namespace sana;
using namespace sana::train;

TEST_CASE("the gradient-difference term ignores a constant offset and sees a step", "[train]") {
  const at::Tensor target = at::zeros({1, 3, 3, 4, 5});
  CHECK(gradient_difference(target + 0.7, target).item<double>() ==
        sana_test::Approx(0).margin(1e-6));
  // A step of 1 between frames 0 and 1: one of two frame differences is 1, nothing else moves.
  at::Tensor step = target.clone();
  step.narrow(2, 1, 2).fill_(1.0);
  CHECK(gradient_difference(step, target).item<double>() == sana_test::Approx(0.5));
  // A step of 1 between columns 2 and 3: one of four column differences.
  at::Tensor edge = target.clone();
  edge.narrow(4, 3, 2).fill_(1.0);
  CHECK(gradient_difference(edge, target).item<double>() == sana_test::Approx(0.25));
}

TEST_CASE("images, which have no second frame, have a finite loss", "[train]") {
  const at::Tensor target = at::zeros({2, 3, 1, 4, 4});
  const model::LatentPosterior posterior{at::zeros({2, 4, 1, 1, 1}), at::zeros({2, 4, 1, 1, 1})};
  const VaeLossTerms terms = vae_loss(target + 0.5, target, posterior, VaeLossConfig{});
  CHECK(terms.l1.item<double>() == sana_test::Approx(0.5));
  CHECK(terms.gradient_difference.item<double>() == sana_test::Approx(0).margin(1e-6));
  CHECK(terms.total.item<double>() == sana_test::Approx(0.5));
}

TEST_CASE("the KL term is that of normal distributions", "[train]") {
  const auto kl = [](double mean, double deviation) {
    const at::Tensor m = at::full({1, 2, 1, 2, 2}, mean);
    return kl_divergence({m, at::full_like(m, 2.0 * std::log(deviation))}).item<double>();
  };
  CHECK(kl(0.0, 1.0) == sana_test::Approx(0).margin(1e-7));
  // log(1/d) + (d^2 + m^2) / 2 - 1/2
  CHECK(kl(2.0, 0.5) == sana_test::Approx(std::log(2.0) + (0.25 + 4.0) / 2.0 - 0.5));
}

TEST_CASE("the VAE loss weighs its terms", "[train]") {
  RandomStreams streams(3);
  const at::Tensor a = at::randn({1, 3, 3, 4, 4}, streams.get("a"), at::kFloat);
  const at::Tensor b = at::randn({1, 3, 3, 4, 4}, streams.get("b"), at::kFloat);
  const model::LatentPosterior posterior{at::ones({1, 2, 1, 1, 1}), at::zeros({1, 2, 1, 1, 1})};
  VaeLossConfig config;
  config.gradient_difference = 0.25;
  config.kl = 0.1;
  const VaeLossTerms terms = vae_loss(a, b, posterior, config);
  const double expected =
      terms.l1.item<double>() + 0.25 * terms.gradient_difference.item<double>() + 0.1 * 0.5;
  CHECK(terms.total.item<double>() == sana_test::Approx(expected));
}

TEST_CASE("random windows lie inside their sample and differ between samples", "[train]") {
  const RandomStream stream = StepRandom(5, 1).stream("window");
  // Each pixel holds its own row and column, so a window tells where it was cut.
  const at::Tensor rows = at::arange(20).view({1, 1, 1, 20, 1}).expand({8, 1, 6, 20, 30});
  const at::Tensor columns = at::arange(30).view({1, 1, 1, 1, 30}).expand({8, 1, 6, 20, 30});
  const at::Tensor frames = at::arange(6).view({1, 1, 6, 1, 1}).expand({8, 1, 6, 20, 30});
  const at::Tensor pixels = at::cat({frames, rows, columns}, 1).to(at::kByte);
  CropConfig crop{.frames = 5, .height = 8, .width = 16, .flip = false};
  const at::Tensor windows = random_windows(pixels, crop, 0, stream);
  REQUIRE(windows.sizes() == at::IntArrayRef({8, 3, 5, 8, 16}));
  // Whoever cuts a sample cuts the same.
  CHECK(
      at::equal(windows.narrow(0, 3, 2), random_windows(pixels.narrow(0, 3, 2), crop, 3, stream)));
  const at::Tensor width = windows.select(1, 2).to(at::kLong);
  CHECK(at::equal(width.narrow(3, 1, 15) - width.narrow(3, 0, 15),
                  at::ones({8, 5, 8, 15}, at::kLong)));
  const at::Tensor first_column = width.select(1, 0).select(1, 0).select(1, 0);
  CHECK(first_column.max().item<int64_t>() > first_column.min().item<int64_t>());
}

TEST_CASE("a window larger than the sample is the whole sample", "[train]") {
  const RandomStream stream = StepRandom(5, 1).stream("window");
  const at::Tensor pixels = at::arange(2 * 3 * 1 * 8 * 8).view({2, 3, 1, 8, 8}).to(at::kByte);
  CropConfig crop{.frames = 17, .height = 64, .width = 0, .flip = false};
  CHECK(at::equal(random_windows(pixels, crop, 0, stream), pixels));
}

}  // namespace
