#include "train/flow_matching.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/random.h"
#include "support/catch.h"

namespace {
using namespace sana;
using namespace sana::train;

at::Tensor levels(std::vector<int64_t> values) { return at::tensor(values, at::kLong); }

TEST_CASE("shifted noise levels and timesteps are those of the published schedule", "[train]") {
  const NoiseLevels got = shifted_levels(levels({0, 1, 10, 100, 250, 500, 750, 900, 999}), 3.0);
  const std::vector<double> sigma = {0, .002994, .029412, .25, .5, .75, .9, .964286, .999666};
  const std::vector<double> timestep = {0, 2, 29, 250, 500, 750, 900, 964, 999};
  for (size_t i = 0; i < sigma.size(); ++i) {
    CHECK(got.sigma[int64_t(i)].item<double>() == sana_test::Approx(sigma[i]).margin(5e-7));
    CHECK(got.timestep[int64_t(i)].item<double>() == timestep[i]);
  }
}

TEST_CASE("without a shift the timestep is the level itself", "[train]") {
  const at::Tensor all = at::arange(kNoiseLevels, at::kLong);
  const NoiseLevels got = shifted_levels(all, 1.0);
  CHECK(at::equal(got.timestep, all.to(at::kFloat)));
  CHECK(at::allclose(got.sigma, all.to(at::kFloat) / 1000.0));
}

TEST_CASE("level indices follow the logit-normal law and stay below 1000", "[train]") {
  const RandomStream stream = StepRandom(7, 1).stream("timestep");
  const at::Tensor i = sample_level_indices(0, 200000, FlowConfig{}, stream);
  CHECK(at::equal(i.narrow(0, 3, 5), sample_level_indices(3, 5, FlowConfig{}, stream)));
  CHECK(i.scalar_type() == at::kLong);
  // P(u < 1/2) = 1/2 and P(u < sigmoid(1)) = Phi(1) for mean 0, deviation 1.
  const double half = (i < 500).to(at::kDouble).mean().item<double>();
  const double one = (i < 731).to(at::kDouble).mean().item<double>();
  CHECK(half == sana_test::Approx(0.5).margin(0.005));
  CHECK(one == sana_test::Approx(0.8413).margin(0.005));

  FlowConfig extreme;
  extreme.logit_mean = 100.0;  // sigmoid rounds to 1
  CHECK(at::equal(sample_level_indices(0, 4, extreme, stream), levels({999, 999, 999, 999})));
}

TEST_CASE("noised latents and the loss follow the flow-matching formula", "[train]") {
  RandomStreams streams(1);
  const at::Tensor clean = at::randn({3, 2, 2, 4, 4}, streams.get("a"), at::kFloat);
  const at::Tensor noise = at::randn({3, 2, 2, 4, 4}, streams.get("b"), at::kFloat);
  const at::Tensor sigma = at::tensor({0.0f, 0.25f, 0.9f});
  const at::Tensor noisy = add_noise(clean, noise, sigma);
  CHECK(at::equal(noisy[0], clean[0]));
  CHECK(at::allclose(noisy[1], 0.75 * clean[1] + 0.25 * noise[1]));
  CHECK(at::allclose(noisy[2], 0.1 * clean[2] + 0.9 * noise[2], 1e-5, 1e-6));

  // The exact velocity has no loss; an offset of 2 everywhere costs 4.
  const at::Tensor exact = noise - clean;
  CHECK(velocity_loss(exact, clean, noise).abs().max().item<float>() == 0.0f);
  const at::Tensor off = velocity_loss(exact + 2.0, clean, noise);
  CHECK(off.sizes() == at::IntArrayRef({3}));
  CHECK(at::allclose(off, at::full({3}, 4.0f), 1e-5, 1e-5));
  // bfloat16 velocities are compared in float32.
  CHECK(velocity_loss(exact.to(at::kBFloat16), clean, noise).scalar_type() == at::kFloat);
}

TEST_CASE("losses are summed in the noise band of their level", "[train]") {
  const at::Tensor losses = at::tensor({1.0f, 2.0f, 4.0f, 8.0f, NAN});
  const BandSums bands = sum_by_band(losses, at::tensor({0.1f, 0.2f, 0.6f, 1.0f, 0.3f}));
  CHECK(bands.sums[0].item<float>() == 3.0f);
  CHECK(std::isnan(bands.sums[1].item<float>()));
  CHECK(bands.sums[2].item<float>() == 4.0f);
  CHECK(bands.sums[3].item<float>() == 8.0f);
  CHECK(at::equal(bands.counts, at::tensor({2.0f, 1.0f, 1.0f, 1.0f})));
}

}  // namespace
