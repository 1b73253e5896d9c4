// Samplers of the flow ODE dx/ds = v(x, s), s from 1 (noise) to 0 (data).
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sana::infer {

// sigma' = shift * sigma / (1 + (shift - 1) * sigma)
double shift_sigma(double sigma, double shift);

// Noise levels of one sampling run.
struct SigmaSchedule {
  at::Tensor sigmas;     // [N + 1] float32, descending, last 0
  at::Tensor timesteps;  // [N] float32, what the model is told (0..1000)
};

// Velocity of the model at x, noise level sigma and its timestep.
using VelocityFunction =
    std::function<at::Tensor(const at::Tensor& x, double sigma, double timestep)>;
// Called after each step with (steps done, steps in all).
using StepCallback = std::function<void(int64_t, int64_t)>;

class Sampler {
 public:
  virtual ~Sampler() = default;
  virtual SigmaSchedule schedule(int64_t steps, double shift) const = 0;
  // Integrates from noise [any shape] to data; arithmetic in float32.
  virtual at::Tensor sample(const at::Tensor& noise, const SigmaSchedule& schedule,
                            const VelocityFunction& velocity,
                            const StepCallback& on_step = {}) const = 0;
};

// "dpm-solver++" (2M, flow; schedulers of DPMSolverMultistep) or "euler" (FlowMatchEuler). Throws
// UserError for other names.
std::unique_ptr<Sampler> make_sampler(const std::string& name);

}  // namespace sana::infer
