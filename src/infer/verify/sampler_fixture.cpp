// The samplers on a closed-form velocity: grids, timesteps and results.
#include <ATen/ATen.h>

#include <cstdio>

#include "core/error.h"
#include "infer/sampler.h"
#include "infer/verify/verify.h"

namespace sana::infer {
namespace {

// "out.dpmpp2m.shift3.steps20" and the like.
struct SamplerCase {
  std::string quantity;  // out, sigmas, timesteps
  std::string solver;
  double shift = 0.0;
  int64_t steps = 0;
};

SamplerCase parse_case(const std::string& name, const std::string& where) {
  char quantity[32] = {}, solver[32] = {};
  long shift = 0, steps = 0;
  const int fields = std::sscanf(name.c_str(), "%31[^.].%31[^.].shift%ld.steps%ld", quantity,
                                 solver, &shift, &steps);
  require(fields == 4 && steps > 0, "{}: tensor {} is not <quantity>.<solver>.shift<k>.steps<n>",
          where, name);
  return {quantity, solver, double(shift), int64_t(steps)};
}

// The field that the fixtures were made with: v(x, s) = 0.5 sin(3x) + x (s - 0.3).
at::Tensor closed_form_velocity(const at::Tensor& x, double sigma) {
  return at::sin(3.0 * x) * 0.5 + x * (sigma - 0.3);
}

}  // namespace

std::vector<ComputedTensor> run_sampler_fixture(const Fixture& fixture,
                                                const VerifyOptions& options) {
  std::vector<ComputedTensor> results;
  for (const auto& [name, stored] : fixture.stored) {
    const SamplerCase wanted = parse_case(name, fixture.where);
    if (wanted.solver != "dpmpp2m" && wanted.solver != "euler") continue;
    const auto sampler = make_sampler(wanted.solver == "euler" ? "euler" : "dpm-solver++");
    const SigmaSchedule schedule = sampler->schedule(wanted.steps, wanted.shift);
    if (wanted.quantity == "sigmas") results.push_back({name, schedule.sigmas, ""});
    if (wanted.quantity == "timesteps") results.push_back({name, schedule.timesteps, ""});
    if (wanted.quantity == "out") {
      const at::Tensor x = sampler->sample(fixture.input("noise").to(options.device), schedule,
                                           [](const at::Tensor& at_x, double sigma, double) {
                                             return closed_form_velocity(at_x, sigma);
                                           });
      results.push_back({name, x, ""});
    }
  }
  return results;
}

}  // namespace sana::infer
