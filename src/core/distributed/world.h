// The processes of one run, as their launcher started them.
#pragma once
#include <c10/core/Device.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/distributed/communicator.h"
#include "core/distributed/watchdog.h"
#include "core/launch_rank.h"

namespace sana {

// Where the processes meet.
struct Rendezvous {
  std::string host = "127.0.0.1";
  uint16_t port = 29500;
  bool is_served = false;  // somebody else opens the port, as the agent of torchrun does
  std::string prefix;      // of the keys of this start there
};

// MASTER_ADDR and MASTER_PORT (torchrun, our own launcher). Without them: of Slurm the first node of
// the job and a port that follows from its number; of Open MPI, and of processes of one host, this
// host. Throws UserError that names the variable where the host cannot be known or a value is wrong.
Rendezvous find_rendezvous(const LaunchRank& ranks);

struct World {
  LaunchRank ranks;
  std::unique_ptr<Communicator> control;  // tensors on the host; never waits for a GPU
  std::unique_ptr<Communicator> data;     // tensors on the device
  std::shared_ptr<Watchdog> watchdog;     // of processes; empty: none, one process or threads

  bool is_main() const { return ranks.rank == 0; }
  bool is_alone() const { return ranks.count == 1; }
  // Tells the others, should they ask, that this process is at this step.
  void at_step(int64_t step) const {
    if (watchdog) watchdog->at_step(step);
  }
};

// One process: nobody is waited for.
World world_of_one();

struct JoinOptions {
  std::chrono::seconds timeout = std::chrono::seconds(600);  // of the meeting and each collective
  WatchOptions watch;
};

// Meets the other processes; `device` is asked for once they know of each other, so that they learn
// an error of it, too. Throws EnvironmentError after the timeout, which names the host and port, who
// has not come and what to look at; UserError where another process has this rank, or another
// number of processes was said; what another process failed with meanwhile; EnvironmentError where
// this build has no c10d and there are several processes.
World join_world(const LaunchRank& ranks, const std::function<c10::Device()>& device,
                 const JoinOptions& options);

// Runs this process' part of the work. An error that leaves `body` is told to the others before
// anything of this process ends, so that they end with its text at once; then it is rethrown. What
// `body` needs to be destroyed, and may take long for it, is to outlive it.
void run_together(World& world, const std::function<void()>& body);

// A fact of each process that must be the same on all: throws UserError that lists the values by
// rank and host where they differ.
void require_same(Communicator& control, const std::string& what, const std::string& value);

// Throws UserError that names them where two processes of a host would use one GPU.
void require_own_devices(Communicator& control, c10::Device device);

// Throws InternalError where the tensors of the processes differ. The sums are compared.
void require_same_tensors(Communicator& data, const std::string& what,
                          const std::vector<at::Tensor>& tensors);

}  // namespace sana
