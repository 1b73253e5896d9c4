#include "checkpoints/scheduler_config.h"

#include "core/error.h"
#include "core/json_object.h"

namespace sana::checkpoints {
namespace {

constexpr const char* kDpmSolver = "DPMSolverMultistepScheduler";
constexpr const char* kEuler = "FlowMatchEulerDiscreteScheduler";

}  // namespace

SamplerConfig sampler_config_from_scheduler(const nlohmann::json& json,
                                            const SamplerConfig& defaults,
                                            const std::string& where) {
  const JsonObject keys(json, where);
  const auto name = keys.optional<std::string>("_class_name").value_or("");
  SamplerConfig config = defaults;
  if (name == kDpmSolver) {
    keys.require_only("use_flow_sigmas", true, /*fallback=*/false);
    keys.require_only("prediction_type", "flow_prediction", /*fallback=*/"epsilon");
    keys.require_only("algorithm_type", "dpmsolver++");
    keys.require_only("solver_order", 2);
    config.name = "dpm-solver++";
    config.shift = keys.optional_positive("flow_shift").value_or(1.0);
    return config;
  }
  require(name == kEuler,
          "{}: scheduler '{}' is not known; known are {} and {} (give --sampler and --shift to "
          "sample without it)",
          where, name, kDpmSolver, kEuler);
  keys.require_only("use_dynamic_shifting", false);
  config.name = "euler";
  config.shift = keys.optional_positive("shift").value_or(1.0);
  return config;
}

}  // namespace sana::checkpoints
