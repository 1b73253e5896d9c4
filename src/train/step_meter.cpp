#include "train/step_meter.h"

#include <ATen/ATen.h>

#include "core/error.h"

namespace sana::train {
namespace {

constexpr int64_t kLoss = 0, kGradNorm = 1, kSkip = 2, kParts = 3;

// Mean over values added so far, if any.
struct RunningMean {
  double sum = 0;
  int64_t count = 0;
  void add(double value) {
    sum += value;
    ++count;
  }
  std::optional<double> value() const {
    return count == 0 ? std::nullopt : std::optional(sum / double(count));
  }
};

RunningMean& mean_of(std::vector<std::pair<std::string, RunningMean>>& means,
                     const std::string& name) {
  for (auto& [known, mean] : means) {
    if (known == name) return mean;
  }
  return means.emplace_back(name, RunningMean()).second;
}

nlohmann::ordered_json ratio_json(const double* sums, const double* counts, int64_t size) {
  auto list = nlohmann::ordered_json::array();
  for (int64_t i = 0; i < size; ++i) {
    // A noise band that no sample fell into has no loss.
    list.push_back(counts[i] > 0 ? nlohmann::ordered_json(sums[i] / counts[i]) : nullptr);
  }
  return size == 1 ? list[0] : list;
}

}  // namespace

StepMeter::StepMeter(std::vector<MetricPart> parts) : parts_(std::move(parts)) {}

void StepMeter::add(const LossOutput& output, const data::Batch& batch) {
  const at::Tensor loss = output.loss.detach().to(at::kFloat);
  const bool first = micro_steps_++ == 0;
  loss_ = first ? loss : loss_ + loss;
  sums_ = first ? output.sums : sums_ + output.sums;
  counts_ = first ? output.counts : counts_ + output.counts;
  current_.ids.insert(current_.ids.end(), batch.ids.begin(), batch.ids.end());
}

void StepMeter::share(Communicator& group) {
  if (group.size() == 1) return;
  const at::Tensor row = at::cat({(loss_ / double(group.size())).view({1}), sums_, counts_});
  group.all_reduce("losses", row);
  loss_ = row[0];
  sums_ = row.narrow(0, 1, sums_.size(0));
  counts_ = row.narrow(0, 1 + sums_.size(0), counts_.size(0));
}

at::Tensor StepMeter::step_loss() const { return loss_ / double(micro_steps_); }

void StepMeter::finish_step(int64_t step, const at::Tensor& grad_norm, const at::Tensor& skip) {
  SANA_ASSERT(micro_steps_ > 0);
  current_.step = step;
  infos_.push_back(std::move(current_));
  const at::Tensor head = at::stack({step_loss(), grad_norm, skip});
  rows_.push_back(at::cat({head, sums_, counts_}));
  current_ = {};
  micro_steps_ = 0;
}

WindowReport StepMeter::take() {
  WindowReport report;
  if (rows_.empty()) return report;
  const at::Tensor table = at::stack(rows_).to(at::kCPU, at::kDouble).contiguous();
  const int64_t width = table.size(1), parts = (width - kParts) / 2;
  std::vector<double> totals(size_t(width), 0.0);
  std::vector<std::pair<std::string, RunningMean>> losses;
  RunningMean grad_norm;
  for (size_t r = 0; r < infos_.size(); ++r) {
    const double* row = table.const_data_ptr<double>() + int64_t(r) * width;
    report.samples += int64_t(infos_[r].ids.size());
    if (row[kSkip] != 0) {
      report.bad_steps.push_back({infos_[r].step, infos_[r].ids, row[kLoss], row[kGradNorm]});
      continue;
    }
    mean_of(losses, infos_[r].loss_name).add(row[kLoss]);
    grad_norm.add(row[kGradNorm]);
    for (int64_t i = kParts; i < width; ++i) totals[size_t(i)] += row[i];
  }
  report.steps = int64_t(infos_.size());
  for (const auto& [name, loss] : losses) report.losses.emplace_back(name, *loss.value());
  report.grad_norm = grad_norm.value();
  const double* sums = totals.data() + kParts;
  for (const MetricPart& part : parts_) {
    report.parts[part.name] = ratio_json(sums, sums + parts, part.size);
    sums += part.size;
  }
  infos_.clear();
  rows_.clear();
  return report;
}

}  // namespace sana::train
