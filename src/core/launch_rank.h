// Which of several cooperating processes this one is, as their launcher says.
#pragma once
#include <cstdint>

namespace sana {

struct LaunchRank {
  int64_t rank = 0;  // of `count` processes
  int64_t count = 1;
  int64_t local_rank = 0;  // on this machine: the GPU to use
};

// Reads the variables of torchrun (RANK, WORLD_SIZE, LOCAL_RANK), Slurm (SLURM_PROCID,
// SLURM_NTASKS, SLURM_LOCALID) or Open MPI (OMPI_COMM_WORLD_RANK, _SIZE, _LOCAL_RANK); one process
// where there are none. Throws UserError when they are incomplete or contradict each other.
LaunchRank launch_rank();

}  // namespace sana
