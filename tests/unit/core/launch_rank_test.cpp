#include "core/launch_rank.h"

#include <cstdlib>
#include <map>
#include <string>

#include "core/error.h"
#include "support/catch.h"

namespace {

constexpr const char* kVariables[] = {"RANK",
                                      "WORLD_SIZE",
                                      "LOCAL_RANK",
                                      "OMPI_COMM_WORLD_RANK",
                                      "OMPI_COMM_WORLD_SIZE",
                                      "OMPI_COMM_WORLD_LOCAL_RANK",
                                      "SLURM_PROCID",
                                      "SLURM_NTASKS",
                                      "SLURM_LOCALID"};

// Only these variables of launchers, for the length of a test.
class Launcher {
 public:
  explicit Launcher(const std::map<std::string, std::string>& variables) {
    for (const char* name : kVariables) unsetenv(name);
    for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
  }
  ~Launcher() {
    for (const char* name : kVariables) unsetenv(name);
  }
};

}  // namespace

TEST_CASE("without a launcher there is one process", "[core]") {
  const Launcher none({});
  CHECK(sana::launch_rank().rank == 0);
  CHECK(sana::launch_rank().count == 1);
}

TEST_CASE("ranks come from torchrun, Open MPI or Slurm", "[core]") {
  {
    const Launcher torchrun({{"RANK", "5"}, {"WORLD_SIZE", "8"}, {"LOCAL_RANK", "1"}});
    CHECK(sana::launch_rank().rank == 5);
    CHECK(sana::launch_rank().count == 8);
    CHECK(sana::launch_rank().local_rank == 1);
  }
  {
    const Launcher both({{"SLURM_PROCID", "0"},
                         {"SLURM_NTASKS", "1"},
                         {"OMPI_COMM_WORLD_RANK", "2"},
                         {"OMPI_COMM_WORLD_SIZE", "4"},
                         {"OMPI_COMM_WORLD_LOCAL_RANK", "2"}});
    CHECK(sana::launch_rank().rank == 2);
  }
  const Launcher slurm({{"SLURM_PROCID", "3"}, {"SLURM_NTASKS", "4"}, {"SLURM_LOCALID", "3"}});
  CHECK(sana::launch_rank().rank == 3);
}

TEST_CASE("ranks that cannot be are refused with the variable's name", "[core]") {
  {
    const Launcher beyond({{"RANK", "8"}, {"WORLD_SIZE", "8"}});
    CHECK_THROWS_WITH(sana::launch_rank(), sana_test::ContainsSubstring("RANK=8"));
  }
  const Launcher word({{"RANK", "first"}, {"WORLD_SIZE", "8"}});
  CHECK_THROWS_WITH(sana::launch_rank(), sana_test::ContainsSubstring("first"));
}
