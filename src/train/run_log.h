// What a run tells: a line per window in the log, the same numbers in metrics.jsonl and
// TensorBoard.
#pragma once
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/metrics.h"
#include "train/rank_times.h"
#include "train/step_meter.h"

namespace sana::train {

// How unusual a value is against the recent ones: (x - mean) / deviation, exponentially averaged.
class ZScore {
 public:
  // Nothing until some values have been seen.
  std::optional<double> update(double value);

 private:
  int64_t count_ = 0;
  double mean_ = 0, variance_ = 0;
};

// What the trainer knows of a window beside the StepMeter's report.
struct WindowTimes {
  double train_s = 0;      // of rank 0, waiting included
  double data_s = 0;       // standing still for data, of the process that did so longest
  double comm_s = 0;       // the same, for the other processes
  double flops = 0;        // floating point operations of the model on this process (StepFlops)
  int64_t peak_bytes = 0;  // of the process that needed most
  std::optional<SlowestRank> slowest = std::nullopt;  // none: one process
};

class RunLog {
 public:
  // Appends to directory/metrics.jsonl; lines after `resume_step` are removed.
  RunLog(const std::filesystem::path& directory, int64_t resume_step, int64_t total_steps,
         c10::Device device, c10::ScalarType precision);

  // `damaged`: samples that could not be read so far.
  // "step 1200/100000  loss 0.4127 (-0.3z)  grad 0.87 (+0.1z)  lr 5.00e-05  1.84 s/it  ..."
  void window(int64_t step, const WindowReport& report, double lr, int64_t skipped_in_all,
              int64_t damaged, const WindowTimes& times);
  // {"val_loss": ...} and the like.
  void validation(int64_t step, const nlohmann::ordered_json& values);

 private:
  MetricsWriter metrics_;
  int64_t total_steps_;
  double peak_flops_;  // of the device in a second; 0: unknown
  std::map<std::string, ZScore> loss_scores_;
  ZScore norm_score_;
};

// Start-up table: names and values, aligned.
void log_table(const std::vector<std::pair<std::string, std::string>>& rows);

}  // namespace sana::train
