// Sampling as a public scheduler/scheduler_config.json describes it.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "checkpoints/sampler_config.h"

namespace sana::checkpoints {

// Solver and shift of DPMSolverMultistepScheduler (flow sigmas, second order) or
// FlowMatchEulerDiscreteScheduler; steps and guidance stay as in `defaults`. Keys that have no part
// in it are ignored. `where` names the file in errors. Throws UserError for another scheduler, or a
// setting of these that this program does not compute.
SamplerConfig sampler_config_from_scheduler(const nlohmann::json& json,
                                            const SamplerConfig& defaults,
                                            const std::string& where);

}  // namespace sana::checkpoints
