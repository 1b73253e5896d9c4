#include "checkpoints/scheduler_config.h"

#include "core/error.h"

namespace sana::checkpoints {
namespace {

using nlohmann::json;

constexpr const char* kDpmSolver = "DPMSolverMultistepScheduler";
constexpr const char* kEuler = "FlowMatchEulerDiscreteScheduler";

// Throws unless json[key] is `expected`; a missing key has the default of the public class.
void require_setting(const json& json, const char* key, const nlohmann::json& fallback,
                     const nlohmann::json& expected, const std::string& where) {
  const nlohmann::json value = json.value(key, fallback);
  require(value == expected, "{}: '{}' is {}, this program samples with {} only", where, key,
          value.dump(), expected.dump());
}

double positive_number(const json& json, const char* key, double fallback,
                       const std::string& where) {
  const auto found = json.find(key);
  if (found == json.end() || found->is_null()) return fallback;
  require(found->is_number() && found->get<double>() > 0.0,
          "{}: '{}' is {}, expected a number above 0", where, key, found->dump());
  return found->get<double>();
}

}  // namespace

SamplerConfig sampler_config_from_scheduler(const json& json, const SamplerConfig& defaults,
                                            const std::string& where) {
  require(json.is_object(), "{}: expected a JSON object", where);
  const auto found = json.find("_class_name");
  const std::string name =
      found != json.end() && found->is_string() ? found->get<std::string>() : "";
  SamplerConfig config = defaults;
  if (name == kDpmSolver) {
    require_setting(json, "use_flow_sigmas", false, true, where);
    require_setting(json, "prediction_type", "epsilon", "flow_prediction", where);
    require_setting(json, "algorithm_type", "dpmsolver++", "dpmsolver++", where);
    require_setting(json, "solver_order", 2, 2, where);
    config.name = "dpm-solver++";
    config.shift = positive_number(json, "flow_shift", 1.0, where);
    return config;
  }
  require(name == kEuler,
          "{}: scheduler '{}' is not known; known are {} and {} (give --sampler and --shift to "
          "sample without it)",
          where, name, kDpmSolver, kEuler);
  require_setting(json, "use_dynamic_shifting", false, false, where);
  config.name = "euler";
  config.shift = positive_number(json, "shift", 1.0, where);
  return config;
}

}  // namespace sana::checkpoints
