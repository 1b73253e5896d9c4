#include "train/step_meter.h"

#include <ATen/ATen.h>

#include <cmath>

#include "support/catch.h"
#include "train/run_log.h"

namespace {
using namespace sana;
using namespace sana::train;

data::Batch batch_of(std::vector<std::string> ids) {
  data::Batch batch;
  batch.ids = std::move(ids);
  return batch;
}

LossOutput output_of(float loss, std::vector<float> sums, std::vector<float> counts) {
  return {at::scalar_tensor(loss), at::tensor(sums), at::tensor(counts)};
}

TEST_CASE("the meter averages micro-steps and steps, and divides parts by their counts",
          "[train]") {
  StepMeter meter({{"bands", 2}, {"kl", 1}});
  meter.begin_step("loss");
  meter.add(output_of(1.0f, {2, 0, 10}, {2, 0, 1}), batch_of({"a"}));
  meter.add(output_of(3.0f, {4, 0, 20}, {1, 0, 1}), batch_of({"b"}));
  CHECK(meter.step_loss().item<double>() == 2.0);
  meter.finish_step(1, at::scalar_tensor(0.5), at::scalar_tensor(0.0));
  meter.begin_step("image_loss");
  meter.add(output_of(5.0f, {0, 0, 30}, {0, 0, 1}), batch_of({"c", "d"}));
  meter.finish_step(2, at::scalar_tensor(1.5), at::scalar_tensor(0.0));
  const WindowReport report = meter.take();
  CHECK(report.steps == 2);
  CHECK(report.samples == 4);
  using Losses = std::vector<std::pair<std::string, double>>;
  CHECK(report.losses == Losses{{"loss", 2.0}, {"image_loss", 5.0}});
  CHECK(report.grad_norm == 1.0);
  CHECK(report.parts.dump() == R"({"bands":[2.0,null],"kl":20.0})");
  CHECK(report.bad_steps.empty());
  CHECK(meter.pending_steps() == 0);
}

TEST_CASE("a skipped step is reported with its clips and does not spoil the means", "[train]") {
  StepMeter meter({{"kl", 1}});
  meter.add(output_of(1.0f, {1}, {1}), batch_of({"good"}));
  meter.finish_step(1, at::scalar_tensor(0.5), at::scalar_tensor(0.0));
  meter.add(output_of(NAN, {NAN}, {1}), batch_of({"bad"}));
  meter.finish_step(2, at::scalar_tensor(NAN), at::scalar_tensor(1.0));
  const WindowReport report = meter.take();
  REQUIRE(report.losses.size() == 1);
  CHECK(report.losses[0].second == 1.0);
  CHECK(report.parts["kl"] == 1.0);
  REQUIRE(report.bad_steps.size() == 1);
  CHECK(report.bad_steps[0].step == 2);
  CHECK(report.bad_steps[0].ids == std::vector<std::string>{"bad"});
  CHECK(std::isnan(report.bad_steps[0].loss));
}

TEST_CASE("an outlier has a high z-score", "[train]") {
  ZScore score;
  for (int i = 0; i < 10; ++i) CHECK_FALSE(score.update(i % 2 ? 1.1 : 0.9).has_value());
  CHECK(std::abs(score.update(1.0).value()) < 0.5);
  CHECK(score.update(3.0).value() > 5.0);
}

}  // namespace
