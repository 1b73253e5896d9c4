#include "cli/sample_arguments.h"

#include "support/catch.h"

using sana::LaunchRank;
using sana::cli::rank_device;

TEST_CASE("ranks of one machine share its GPUs out", "[cli]") {
  const c10::Device first(c10::kCUDA, 0), second(c10::kCUDA, 1);
  const LaunchRank alone{}, last{.rank = 5, .count = 6, .local_rank = 1};
  for (const char* asked : {"auto", "cuda"}) {
    CHECK((rank_device(asked, first, alone) == first));
    CHECK((rank_device(asked, first, last) == second));
    CHECK((rank_device(asked, c10::kCPU, last) == c10::Device(c10::kCPU)));
  }
  CHECK((rank_device("cuda:0", first, last) == first));  // named, so meant
}
