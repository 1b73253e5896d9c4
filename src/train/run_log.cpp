#include "train/run_log.h"

#include <algorithm>
#include <cmath>

#include "core/device.h"
#include "core/log.h"
#include "core/progress.h"

namespace sana::train {
namespace {

constexpr double kGib = double(int64_t(1) << 30);

// "  loss 0.4127 (-0.3z)", or nothing without a value.
std::string scored(const std::string& name, std::optional<double> value, ZScore* score) {
  if (!value) return "";
  const auto z = score ? score->update(*value) : std::nullopt;
  return fmt::format("  {} {:.4f}{}", name, *value, z ? fmt::format(" ({:+.1f}z)", *z) : "");
}

// "0.21 0.38 - 0.55" for lists, "0.21" for numbers.
std::string short_values(const nlohmann::ordered_json& value) {
  if (value.is_null()) return "-";
  if (value.is_number()) return fmt::format("{:.4f}", value.get<double>());
  std::vector<std::string> items;
  for (const auto& item : value) items.push_back(short_values(item));
  return fmt::format("{}", fmt::join(items, " "));
}

nlohmann::ordered_json losses_of(const WindowReport& report) {
  nlohmann::ordered_json values;
  for (const auto& [name, loss] : report.losses) values[name] = loss;
  for (const auto& [name, value] : report.parts.items()) values[name] = value;
  if (report.grad_norm) values["grad_norm"] = *report.grad_norm;
  return values;
}

// Seconds of a step.
void add_times(nlohmann::ordered_json& values, const WindowTimes& times, double steps) {
  values["step_s"] = times.train_s / steps;
  values["data_s"] = times.data_s / steps;
  if (!times.slowest) return;
  values["comm_s"] = times.comm_s / steps;
  values["slowest_rank"] = times.slowest->rank;
  values["slowest_behind_percent"] = times.slowest->behind_percent();
}

}  // namespace

std::optional<double> ZScore::update(double value) {
  constexpr double kMemory = 0.05;  // about the last 20 values
  constexpr int64_t kEnough = 10;
  const double deviation = std::sqrt(variance_);
  const bool known = count_ >= kEnough && deviation > 0;
  const std::optional<double> z = known ? std::optional((value - mean_) / deviation) : std::nullopt;
  // A plain average while there are few values.
  const double rate = std::max(kMemory, 1.0 / double(++count_));
  const double delta = value - mean_;
  mean_ += rate * delta;
  variance_ = (1.0 - rate) * (variance_ + rate * delta * delta);
  return z;
}

RunLog::RunLog(const std::filesystem::path& directory, int64_t resume_step, int64_t total_steps,
               c10::Device device, c10::ScalarType precision)
    : metrics_(directory, resume_step),
      total_steps_(total_steps),
      peak_flops_(peak_flops(device, precision)) {}

void RunLog::window(int64_t step, const WindowReport& report, double lr, int64_t skipped_in_all,
                    int64_t damaged, const WindowTimes& times) {
  const double steps = double(report.steps);
  const double step_s = times.train_s / steps, eta_s = step_s * double(total_steps_ - step);
  const double clips = 60.0 * double(report.samples) / std::max(times.train_s, 1e-9);

  nlohmann::ordered_json values = losses_of(report);
  values["lr"] = lr;
  add_times(values, times, steps);
  values["clips_per_min"] = clips;
  const double flops = times.flops / std::max(times.train_s, 1e-9);
  values["tflops"] = flops / 1e12;
  if (peak_flops_ > 0) values["share_of_peak"] = flops / peak_flops_;
  values["mem_gib"] = double(times.peak_bytes) / kGib;
  values["eta_s"] = eta_s;
  values["skipped"] = skipped_in_all;
  values["damaged_samples"] = damaged;
  metrics_.write(step, values);

  std::string line = fmt::format("step {}/{}", step, total_steps_);
  for (auto [name, loss] : report.losses) {
    ZScore* score = &loss_scores_[name];
    std::replace(name.begin(), name.end(), '_', ' ');
    line += scored(name, loss, score);
  }
  for (const auto& [name, value] : report.parts.items()) {
    line += fmt::format("  {} {}", name, short_values(value));
  }
  line += scored("grad", report.grad_norm, &norm_score_);
  const std::string share =
      peak_flops_ > 0 ? fmt::format(" ({:.0f} %)", 100 * flops / peak_flops_) : "";
  const std::string comm =
      times.slowest ? fmt::format("  comm {:.2f} s", times.comm_s / steps) : "";
  line += fmt::format(
      "  lr {:.2e}  {:.2f} s/it  data {:.2f} s{}  {:.1f} clips/min  {:.3g} TFLOP/s{}{}  mem {:.1f} "
      "GiB",
      lr, step_s, times.data_s / steps, comm, clips, flops / 1e12, times.slowest ? " each" : "",
      share, double(times.peak_bytes) / kGib);
  if (skipped_in_all > 0) line += fmt::format("  skipped {}", skipped_in_all);
  if (damaged > 0) line += fmt::format("  damaged samples {}", damaged);
  line += fmt::format("  eta {}", duration_string(eta_s));
  log::info("{}", line);
}

void RunLog::validation(int64_t step, const nlohmann::ordered_json& values) {
  metrics_.write(step, values);
  std::string line = fmt::format("step {}/{}  validation", step, total_steps_);
  for (const auto& [name, value] : values.items()) {
    line += fmt::format("  {} {}", name, short_values(value));
  }
  log::info("{}", line);
}

void log_table(const std::vector<std::pair<std::string, std::string>>& rows) {
  size_t width = 0;
  for (const auto& [name, value] : rows) width = std::max(width, name.size());
  for (const auto& [name, value] : rows) log::info("  {:<{}}  {}", name, width, value);
}

}  // namespace sana::train
