#include "core/launch_rank.h"

#include <array>

#include "core/environment.h"
#include "core/error.h"

namespace sana {
namespace {

struct Launcher {
  const char* rank;
  const char* count;
  const char* local_rank;
};

// The more specific launchers come first: a batch system also sets its variables for mpirun.
constexpr std::array<Launcher, 3> kLaunchers = {{
    {"RANK", "WORLD_SIZE", "LOCAL_RANK"},
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK"},
    {"SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"},
}};

constexpr int64_t kMostRanks = 10'000'000;

}  // namespace

LaunchRank launch_rank() {
  for (const Launcher& launcher : kLaunchers) {
    const auto rank = environment_number(launcher.rank, 0, kMostRanks);
    const auto count = environment_number(launcher.count, 0, kMostRanks);
    if (!rank || !count) continue;
    require(*count >= 1 && *rank < *count,
            "environment variables {}={} and {}={} contradict each other: ranks go from 0 to {}",
            launcher.rank, *rank, launcher.count, *count, *count - 1);
    return {*rank, *count, environment_number(launcher.local_rank, 0, kMostRanks).value_or(0)};
  }
  return {};
}

}  // namespace sana
