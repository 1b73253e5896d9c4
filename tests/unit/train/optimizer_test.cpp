#include "train/optimizer.h"

#include <ATen/ATen.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/adamw.h>

#include <cmath>

#include "core/error.h"
#include "core/random.h"
#include "support/catch.h"
#include "support/errors.h"
#include "train/ema.h"
#include "train/lr_schedule.h"
#include "train/master_weights.h"

namespace {
using namespace sana;
using namespace sana::train;

const at::Tensor kGo = at::zeros({});
const at::Tensor kSkip = at::ones({});

OptimizerConfig decaying_config() {
  OptimizerConfig config;
  config.betas = {0.9, 0.99};
  config.eps = 1e-8;
  config.weight_decay = 0.1;
  return config;
}

// Textbook AdamW in float64.
struct PlainAdamW {
  at::Tensor weight, m, v;
  int64_t t = 0;
  void step(const at::Tensor& g, double lr, const OptimizerConfig& c) {
    ++t;
    weight = weight * (1.0 - lr * c.weight_decay);
    m = c.betas[0] * m + (1.0 - c.betas[0]) * g;
    v = c.betas[1] * v + (1.0 - c.betas[1]) * g * g;
    const at::Tensor m_hat = m / (1.0 - std::pow(c.betas[0], double(t)));
    const at::Tensor v_hat = v / (1.0 - std::pow(c.betas[1], double(t)));
    weight = weight - lr * m_hat / (v_hat.sqrt() + c.eps);
  }
};

TEST_CASE("AdamW follows the plain formula in float64 and LibTorch's own AdamW", "[train]") {
  RandomStreams streams(11);
  const OptimizerConfig config = decaying_config();
  const at::Tensor start = at::randn({37, 5}, streams.get("w"), at::kFloat);
  std::vector<at::Tensor> weights = {start.clone()};
  AdamW optimizer(weights, config);
  PlainAdamW plain{start.to(at::kDouble), at::zeros({37, 5}, at::kDouble),
                   at::zeros({37, 5}, at::kDouble)};
  at::Tensor other = start.clone().set_requires_grad(true);
  torch::optim::AdamW libtorch(
      {other}, torch::optim::AdamWOptions(1e-2).betas({0.9, 0.99}).eps(1e-8).weight_decay(0.1));
  for (int step = 0; step < 8; ++step) {
    const at::Tensor gradient = at::randn({37, 5}, streams.get("g"), at::kFloat);
    optimizer.step(weights, {gradient.clone()}, 1e-2, kGo);
    plain.step(gradient.to(at::kDouble), 1e-2, config);
    other.mutable_grad() = gradient.clone();
    libtorch.step();
  }
  CHECK(at::allclose(weights[0].to(at::kDouble), plain.weight, 1e-5, 1e-6));
  CHECK(at::allclose(weights[0], other.detach(), 1e-5, 1e-6));
  // The comparison can fail: one step more is noticed.
  optimizer.step(weights, {at::ones({37, 5})}, 1e-2, kGo);
  CHECK_FALSE(at::allclose(weights[0].to(at::kDouble), plain.weight, 1e-5, 1e-6));
}

TEST_CASE("a skipped step changes neither weights nor moments nor the step count", "[train]") {
  std::vector<at::Tensor> weights = {at::ones({4})};
  AdamW optimizer(weights, decaying_config());
  optimizer.step(weights, {at::ones({4})}, 1e-2, kGo);
  const at::Tensor before = weights[0].clone();
  const at::Tensor first = optimizer.first_moment()[0].clone();
  const at::Tensor second = optimizer.second_moment()[0].clone();
  optimizer.step(weights, {at::full({4}, NAN)}, 1e-2, kSkip);
  CHECK(at::equal(weights[0], before));
  CHECK(at::equal(optimizer.first_moment()[0], first));
  CHECK(at::equal(optimizer.second_moment()[0], second));
  CHECK(optimizer.steps().item<double>() == 1);
}

TEST_CASE("clipping limits the joint norm and leaves small gradients alone", "[train]") {
  std::vector<at::Tensor> gradients = {at::full({3}, 2.0f), at::full({4}, 2.0f)};
  const double norm = std::sqrt(7.0 * 4.0);
  CHECK(clip_gradients(gradients, 100.0).item<double>() == sana_test::Approx(norm));
  CHECK(at::equal(gradients[0], at::full({3}, 2.0f)));
  CHECK(clip_gradients(gradients, 0.5).item<double>() == sana_test::Approx(norm));
  CHECK(at::cat(gradients).norm().item<double>() == sana_test::Approx(0.5).epsilon(1e-4));
  CHECK(clip_gradients(gradients, 0.0).item<double>() == sana_test::Approx(0.5).epsilon(1e-4));
  gradients[1][0] = INFINITY;
  CHECK_FALSE(std::isfinite(clip_gradients(gradients, 1.0).item<double>()));
}

TEST_CASE("the learning rate warms up, stays or falls to its final fraction", "[train]") {
  LrScheduleConfig config{.name = "constant", .warmup_steps = 4, .final_fraction = 0.1};
  CHECK(learning_rate(config, 1.0, 0, 100) == sana_test::Approx(0.25));
  CHECK(learning_rate(config, 1.0, 3, 100) == sana_test::Approx(1.0));
  CHECK(learning_rate(config, 1.0, 99, 100) == sana_test::Approx(1.0));
  config.name = "cosine";
  CHECK(learning_rate(config, 2.0, 4, 100) == sana_test::Approx(2.0));
  CHECK(learning_rate(config, 2.0, 99, 100) == sana_test::Approx(0.2));
  CHECK(learning_rate(config, 2.0, 51, 99) == sana_test::Approx(2.0 * (0.1 + 0.9 * 0.5)));
  config.warmup_steps = 0;
  CHECK(learning_rate(config, 1.0, 0, 1) == sana_test::Approx(1.0));
}

TEST_CASE("the moving average weighs by its decay, which starts low", "[train]") {
  std::vector<at::Tensor> weights = {at::zeros({3})};
  Ema ema(weights, 0.9);
  weights[0].fill_(1.0);
  ema.update(weights, /*steps_done=*/0);  // decay 0.1
  CHECK(ema.weights()[0][0].item<double>() == sana_test::Approx(0.9));
  ema.update(weights, /*steps_done=*/1000);  // decay 0.9
  CHECK(ema.weights()[0][0].item<double>() == sana_test::Approx(0.91));
}

TEST_CASE("float32 masters keep updates that bfloat16 weights cannot hold", "[train]") {
  torch::nn::Linear layer(4, 4);
  {
    at::NoGradGuard no_grad;
    layer->weight.fill_(1.0);
  }
  MasterWeights masters(*layer, at::kBFloat16);
  CHECK(layer->weight.scalar_type() == at::kBFloat16);
  REQUIRE(masters.names() == std::vector<std::string>{"weight", "bias"});
  for (int i = 0; i < 64; ++i) {
    masters.weights()[0].add_(1e-4);  // a 78th of the spacing of bfloat16 at 1
    masters.publish();
  }
  CHECK(masters.state().at("weight")[0][0].item<double>() ==
        sana_test::Approx(1.0064).epsilon(1e-5));
  CHECK(layer->weight[0][0].item<double>() == sana_test::Approx(1.0078125));
}

TEST_CASE("gradients of several micro-steps add up in float32", "[train]") {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    torch::nn::Linear layer(2, 1);
    MasterWeights masters(*layer, dtype);
    for (int i = 0; i < 300; ++i) {
      (layer->weight.sum() * 1.0).backward();  // leaves the bias without a gradient
      masters.collect_gradients();
    }
    CHECK_NOTHROW(masters.require_gradients({"bia"}));
    const std::string lost =
        sana_test::message_of<sana::InternalError>([&] { masters.require_gradients({"weight"}); });
    CHECK(sana_test::contains(lost, "1 trained parameters"));
    CHECK(sana_test::contains(lost, "would never change: bias"));
    REQUIRE(masters.gradients().size() == 2);
    CHECK(masters.gradients()[0].scalar_type() == at::kFloat);
    CHECK(masters.gradients()[0][0][0].item<double>() == 300.0);  // bfloat16 would stop at 256
    CHECK(masters.gradients()[1][0].item<double>() == 0.0);
    masters.clear_gradients();
    layer->weight.sum().backward();
    masters.collect_gradients();
    CHECK(masters.gradients()[0][0][0].item<double>() == 1.0);
  }
}

TEST_CASE("a weight swap lends other weights and gives back the old ones", "[train]") {
  for (const auto dtype : {at::kFloat, at::kBFloat16}) {
    torch::nn::Linear layer(2, 2);
    layer->bias.set_requires_grad(false);
    MasterWeights masters(*layer, dtype);
    const at::Tensor before = layer->weight.detach().clone();
    {
      const WeightSwap swap(masters, {at::full({2, 2}, 3.0f)}, at::kFloat);
      CHECK(at::equal(layer->weight.detach(), at::full({2, 2}, 3.0f)));
      CHECK(layer->bias.scalar_type() == at::kFloat);
      at::NoGradGuard no_grad;
      CHECK(layer(at::ones({1, 2})).scalar_type() == at::kFloat);
    }
    CHECK(layer->weight.scalar_type() == dtype);
    CHECK(at::equal(layer->weight.detach(), before));
    layer(at::ones({1, 2}, dtype)).sum().backward();
    CHECK(layer->weight.grad().scalar_type() == dtype);
  }
}

}  // namespace
