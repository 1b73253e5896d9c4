#include "infer/dpm_solver.h"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

namespace sana::infer {
namespace {

// ln(alpha / sigma) in float32, as the public scheduler computes it from its float32 sigmas.
float log_snr(float sigma) { return std::log(1.0f - sigma) - std::log(sigma); }

}  // namespace

SigmaSchedule DpmSolver::schedule(int64_t steps, double shift) const {
  // Signal levels 1 ... 1/1000 in equal steps, of which the first (no noise) becomes the final 0.
  const double step = (0.001 - 1.0) / double(steps);
  std::vector<float> sigmas(size_t(steps) + 1, 0.0f);
  std::vector<float> timesteps(static_cast<size_t>(steps));
  for (int64_t i = 0; i < steps; ++i) {
    const int64_t level = steps - i;
    const double alpha = level == steps ? 0.001 : 1.0 + double(level) * step;
    const double sigma = shift_sigma(1.0 - alpha, shift);
    sigmas[size_t(i)] = float(sigma);
    timesteps[size_t(i)] = float(std::trunc(sigma * 1000.0));
  }
  return {at::tensor(sigmas), at::tensor(timesteps)};
}

at::Tensor DpmSolver::sample(const at::Tensor& noise, const SigmaSchedule& schedule,
                             const VelocityFunction& velocity, const StepCallback& on_step) const {
  const at::Tensor sigmas = schedule.sigmas.to(at::kCPU, at::kFloat).contiguous();
  const float* sigma = sigmas.const_data_ptr<float>();
  const int64_t steps = sigmas.numel() - 1;
  at::Tensor x = noise.to(at::kFloat);
  at::Tensor previous_x0;
  for (int64_t i = 0; i < steps; ++i) {
    const at::Tensor v = velocity(x, sigma[i], schedule.timesteps[i].item<double>());
    const at::Tensor x0 = x - sigma[i] * v.to(at::kFloat);
    if (i + 1 == steps) {
      x = x0;  // sigma is 0: the update is x0 itself, of first order
    } else {
      const float h = log_snr(sigma[i + 1]) - log_snr(sigma[i]);
      const float weight = (1.0f - sigma[i + 1]) * (std::exp(-h) - 1.0f);
      at::Tensor next = (sigma[i + 1] / sigma[i]) * x - weight * x0;
      if (i > 0) {
        const float r = (log_snr(sigma[i]) - log_snr(sigma[i - 1])) / h;
        next = next - (0.5f * weight / r) * (x0 - previous_x0);
      }
      x = next;
    }
    previous_x0 = x0;
    if (on_step) on_step(i + 1, steps);
  }
  return x;
}

}  // namespace sana::infer
