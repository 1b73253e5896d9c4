// Who is late: the times of all processes in a window of steps.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/distributed/communicator.h"

namespace sana::train {

// Seconds of one process in a window.
struct RankTimes {
  double train_s = 0;  // all of it, waiting included
  double data_s = 0;   // it stood still for data
  double comm_s = 0;   // it stood still for the others
  // What it did itself. Steps end together, so that of the times only this one tells who is slow.
  double busy_s() const;
};

// Of all members of the group, by rank; all call it.
std::vector<RankTimes> gather_times(Communicator& control, const RankTimes& mine);

// The process that was busy longest, against the median of the others.
struct SlowestRank {
  int64_t rank = 0;
  double busy_s = 0;
  double others_s = 0;
  double behind_percent() const;
  // More than 10 %, and more than 5 ms in each of the window's steps: less is chance.
  bool is_behind(int64_t steps) const;
  // "rank 3 on host gpu-07 is 14 % behind the others: ..."; `hosts`: by rank.
  std::string text(const std::vector<std::string>& hosts, int64_t steps) const;
};

// Nothing for one process.
std::optional<SlowestRank> slowest_rank(const std::vector<RankTimes>& times);

}  // namespace sana::train
