// DPM-Solver++ 2M (arXiv 2211.01095) for flow matching: alpha = 1 - sigma, lambda =
// ln(alpha/sigma).
#pragma once
#include "infer/sampler.h"

namespace sana::infer {

// Multistep, second order (midpoint), first step and last step of first order. Grid and timesteps
// as the public DPMSolverMultistepScheduler with use_flow_sigmas makes them.
class DpmSolver : public Sampler {
 public:
  SigmaSchedule schedule(int64_t steps, double shift) const override;
  at::Tensor sample(const at::Tensor& noise, const SigmaSchedule& schedule,
                    const VelocityFunction& velocity,
                    const StepCallback& on_step = {}) const override;
};

}  // namespace sana::infer
