#include "checkpoints/scheduler_config.h"

#include "core/error.h"
#include "support/catch.h"

using nlohmann::json;
using sana::checkpoints::sampler_config_from_scheduler;
using sana_test::ContainsSubstring;

namespace {

json dpm_solver() {
  return {{"_class_name", "DPMSolverMultistepScheduler"},
          {"flow_shift", 7.5},
          {"use_flow_sigmas", true},
          {"prediction_type", "flow_prediction"},
          {"lambda_min_clipped", nullptr},
          {"a key of the future", 3}};
}

}  // namespace

TEST_CASE("a public scheduler gives solver and shift, the rest stays", "[infer]") {
  sana::checkpoints::SamplerConfig defaults;
  defaults.steps = 33;
  defaults.guidance = 4.5;
  const auto dpm = sampler_config_from_scheduler(dpm_solver(), defaults, "s.json");
  CHECK(dpm.name == "dpm-solver++");
  CHECK(dpm.shift == 7.5);
  CHECK(dpm.steps == 33);
  CHECK(dpm.guidance == 4.5);
  const auto euler = sampler_config_from_scheduler(
      {{"_class_name", "FlowMatchEulerDiscreteScheduler"}, {"shift", 3.0}}, defaults, "s.json");
  CHECK(euler.name == "euler");
  CHECK(euler.shift == 3.0);
}

TEST_CASE("a scheduler that is not computed here is refused by name", "[infer]") {
  CHECK_THROWS_WITH(
      sampler_config_from_scheduler({{"_class_name", "UniPCMultistepScheduler"}}, {},
                                    "folder/s.json"),
      ContainsSubstring("UniPCMultistepScheduler") && ContainsSubstring("folder/s.json"));
  json third_order = dpm_solver();
  third_order["solver_order"] = 3;
  CHECK_THROWS_WITH(sampler_config_from_scheduler(third_order, {}, "s.json"),
                    ContainsSubstring("solver_order"));
  json epsilon = dpm_solver();
  epsilon.erase("prediction_type");
  CHECK_THROWS_WITH(sampler_config_from_scheduler(epsilon, {}, "s.json"),
                    ContainsSubstring("prediction_type"));
  json text = dpm_solver();
  text["flow_shift"] = "much";
  CHECK_THROWS_WITH(sampler_config_from_scheduler(text, {}, "s.json"),
                    ContainsSubstring("flow_shift"));
}
