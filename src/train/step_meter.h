// Loss, gradient norm and bad steps since the last log line, kept on the device and fetched with
// one synchronisation.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "train/objective.h"

namespace sana::train {

// A step that was skipped: its number, clips, and the numbers that were not finite.
struct BadStep {
  int64_t step = 0;
  std::vector<std::string> ids;
  double loss = 0;
  double grad_norm = 0;
};

// Means over the good steps of a window; nothing where there were none.
struct WindowReport {
  int64_t steps = 0;
  int64_t samples = 0;
  std::optional<double> loss;        // of video steps
  std::optional<double> image_loss;  // of image steps
  std::optional<double> grad_norm;
  nlohmann::ordered_json parts = nlohmann::ordered_json::object();  // by MetricPart::name
  std::vector<BadStep> bad_steps;
};

class StepMeter {
 public:
  explicit StepMeter(std::vector<MetricPart> parts);

  // One micro-batch of the current step.
  void add(const LossOutput& output, const data::Batch& batch);
  // Mean loss of the current step so far, on the device.
  at::Tensor step_loss() const;
  // The step is over; grad_norm and skip (1: not applied) are float32 scalars on the device.
  void finish_step(int64_t step, bool is_image_step, const at::Tensor& grad_norm,
                   const at::Tensor& skip);

  int64_t pending_steps() const { return int64_t(rows_.size()); }
  // Waits for the device, reports on the steps since the last call and forgets them.
  WindowReport take();

 private:
  struct StepInfo {
    int64_t step = 0;
    bool is_image_step = false;
    std::vector<std::string> ids;
  };

  std::vector<MetricPart> parts_;
  at::Tensor loss_, sums_, counts_;  // of the current step
  int64_t micro_steps_ = 0;
  StepInfo current_;
  std::vector<StepInfo> infos_;
  std::vector<at::Tensor> rows_;  // per step [loss, grad_norm, skip, sums, counts]
};

}  // namespace sana::train
