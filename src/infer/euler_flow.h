// Euler integration of the flow with the public FlowMatchEuler grid.
#pragma once
#include "infer/sampler.h"

namespace sana::infer {

// The grid is shifted twice (once when its ends are made, once inside), as the public scheduler
// does; timesteps are not rounded.
class EulerFlow : public Sampler {
 public:
  SigmaSchedule schedule(int64_t steps, double shift) const override;
  at::Tensor sample(const at::Tensor& noise, const SigmaSchedule& schedule,
                    const VelocityFunction& velocity,
                    const StepCallback& on_step = {}) const override;
};

}  // namespace sana::infer
