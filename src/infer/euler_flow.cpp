#include "infer/euler_flow.h"

#include <ATen/ATen.h>

#include <vector>

namespace sana::infer {

SigmaSchedule EulerFlow::schedule(int64_t steps, double shift) const {
  const double last = double(float(shift_sigma(0.001, shift)));
  std::vector<float> sigmas(size_t(steps) + 1, 0.0f);
  std::vector<float> timesteps(static_cast<size_t>(steps));
  for (int64_t i = 0; i < steps; ++i) {
    const double part = steps == 1 ? 0.0 : double(i) / double(steps - 1);
    const float sigma = float(shift_sigma(1.0 + (last - 1.0) * part, shift));
    sigmas[size_t(i)] = sigma;
    timesteps[size_t(i)] = sigma * 1000.0f;
  }
  return {at::tensor(sigmas), at::tensor(timesteps)};
}

at::Tensor EulerFlow::sample(const at::Tensor& noise, const SigmaSchedule& schedule,
                             const VelocityFunction& velocity, const StepCallback& on_step) const {
  const at::Tensor sigmas = schedule.sigmas.to(at::kCPU, at::kFloat).contiguous();
  const float* sigma = sigmas.const_data_ptr<float>();
  const int64_t steps = sigmas.numel() - 1;
  at::Tensor x = noise.to(at::kFloat);
  for (int64_t i = 0; i < steps; ++i) {
    const at::Tensor v = velocity(x, sigma[i], schedule.timesteps[i].item<double>());
    x = x + (sigma[i + 1] - sigma[i]) * v.to(at::kFloat);
    if (on_step) on_step(i + 1, steps);
  }
  return x;
}

}  // namespace sana::infer
