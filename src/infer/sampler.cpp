#include "infer/sampler.h"

#include "core/error.h"
#include "infer/dpm_solver.h"
#include "infer/euler_flow.h"

namespace sana::infer {

double shift_sigma(double sigma, double shift) {
  return shift * sigma / (1.0 + (shift - 1.0) * sigma);
}

std::unique_ptr<Sampler> make_sampler(const std::string& name) {
  if (name == "dpm-solver++") return std::make_unique<DpmSolver>();
  if (name == "euler") return std::make_unique<EulerFlow>();
  throw UserError("unknown sampler '" + name + "'; known are dpm-solver++ and euler");
}

}  // namespace sana::infer
