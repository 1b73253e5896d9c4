#include "train/rank_times.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace sana::train {
namespace {

double median(std::vector<double> values) {
  const size_t half = values.size() / 2;
  std::sort(values.begin(), values.end());
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace

double RankTimes::busy_s() const { return std::max(0.0, train_s - data_s - comm_s); }

std::vector<RankTimes> gather_times(Communicator& control, const RankTimes& mine) {
  const at::Tensor row = at::tensor({mine.train_s, mine.data_s, mine.comm_s}, at::kDouble);
  const at::Tensor table = at::empty({control.size() * 3}, at::kDouble);
  control.start_all_gather("times", table, row)->wait();
  std::vector<RankTimes> times;
  const double* numbers = table.const_data_ptr<double>();
  for (int64_t rank = 0; rank < control.size(); ++rank, numbers += 3) {
    times.push_back({numbers[0], numbers[1], numbers[2]});
  }
  return times;
}

double SlowestRank::behind_percent() const {
  return 100.0 * (busy_s - others_s) / std::max(others_s, 1e-6);
}

bool SlowestRank::is_behind(int64_t steps) const {
  return behind_percent() > 10.0 && busy_s - others_s > 0.005 * double(steps);
}

std::string SlowestRank::text(const std::vector<std::string>& hosts, int64_t steps) const {
  return fmt::format(
      "rank {} on host {} is {:.0f} % behind the others: in a step it is busy for {:.3f} s, they for "
      "{:.3f} s",
      rank, hosts.at(size_t(rank)), behind_percent(), busy_s / double(steps),
      others_s / double(steps));
}

std::optional<SlowestRank> slowest_rank(const std::vector<RankTimes>& times) {
  if (times.size() < 2) return std::nullopt;
  std::vector<double> busy;
  for (const RankTimes& one : times) busy.push_back(one.busy_s());
  const auto most = std::max_element(busy.begin(), busy.end());
  SlowestRank slowest;
  slowest.rank = most - busy.begin();
  slowest.busy_s = *most;
  busy.erase(most);
  slowest.others_s = median(std::move(busy));
  return slowest;
}

}  // namespace sana::train
