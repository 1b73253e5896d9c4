// Loss, gradient norm and bad steps since the last log line, kept on the device and fetched with
// one synchronisation.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/distributed/communicator.h"
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
  // By the name that the stream's loss has, in the order in which they came.
  std::vector<std::pair<std::string, double>> losses;
  std::optional<double> grad_norm;
  nlohmann::ordered_json parts = nlohmann::ordered_json::object();  // by MetricPart::name
  std::vector<BadStep> bad_steps;
};

class StepMeter {
 public:
  explicit StepMeter(std::vector<MetricPart> parts);

  // One micro-batch of the current step.
  void add(const LossOutput& output, const data::Batch& batch);
  // Makes what was added to the current step that of all members of the group.
  void share(Communicator& group);
  // Mean loss of the current step so far, on the device.
  at::Tensor step_loss() const;
  // What follows is a step whose loss is reported under this name.
  void begin_step(const std::string& loss_name) { current_.loss_name = loss_name; }
  // The step is over; grad_norm and skip (1: not applied) are float32 scalars on the device.
  void finish_step(int64_t step, const at::Tensor& grad_norm, const at::Tensor& skip);

  int64_t pending_steps() const { return int64_t(rows_.size()); }
  // Waits for the device, reports on the steps since the last call and forgets them.
  WindowReport take();

 private:
  struct StepInfo {
    int64_t step = 0;
    std::string loss_name;
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
