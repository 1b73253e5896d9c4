#include "core/launch_rank.h"

#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

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

std::optional<int64_t> number(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  const std::string_view digits(text);
  int64_t value = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  require(error == std::errc() && end == digits.data() + digits.size() && value >= 0,
          "environment variable {} is '{}', expected a number from 0 on", variable, text);
  return value;
}

}  // namespace

LaunchRank launch_rank() {
  for (const Launcher& launcher : kLaunchers) {
    const auto rank = number(launcher.rank), count = number(launcher.count);
    if (!rank || !count) continue;
    require(*count >= 1 && *rank < *count,
            "environment variables {}={} and {}={} contradict each other: ranks go from 0 to {}",
            launcher.rank, *rank, launcher.count, *count, *count - 1);
    return {*rank, *count, number(launcher.local_rank).value_or(0)};
  }
  return {};
}

}  // namespace sana
