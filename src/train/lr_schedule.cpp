#include "train/lr_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sana::train {

double learning_rate(const LrScheduleConfig& config, double peak, int64_t steps_done,
                     int64_t total_steps) {
  const double step = static_cast<double>(steps_done);
  const double warmup = static_cast<double>(config.warmup_steps);
  if (steps_done < config.warmup_steps) return peak * (step + 1.0) / warmup;
  if (config.name == "constant") return peak;
  // The last step (total_steps - 1 done before it) gets exactly the final rate.
  const double span = std::max(1.0, static_cast<double>(total_steps - 1) - warmup);
  const double progress = std::clamp((step - warmup) / span, 0.0, 1.0);
  const double wave = 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
  return peak * (config.final_fraction + (1.0 - config.final_fraction) * wave);
}

}  // namespace sana::train
