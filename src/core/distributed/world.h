// The processes of one run, as their launcher started them.
#pragma once
#include <c10/core/Device.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/distributed/communicator.h"
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

  bool is_main() const { return ranks.rank == 0; }
  bool is_alone() const { return ranks.count == 1; }
};

// One process: nobody is waited for.
World world_of_one();

// Meets the other processes. Throws EnvironmentError after `timeout`, which names the host and port
// and what to look at; also where this build has no c10d and there are several processes.
World join_world(const LaunchRank& ranks, c10::Device device, std::chrono::seconds timeout);

// A fact of each process that must be the same on all: throws UserError that lists the values by
// rank and host where they differ.
void require_same(Communicator& control, const std::string& what, const std::string& value);

// Throws UserError that names them where two processes of a host would use one GPU.
void require_own_devices(Communicator& control, c10::Device device);

// Throws InternalError where the tensors of the processes differ. The sums are compared.
void require_same_tensors(Communicator& data, const std::string& what,
                          const std::vector<at::Tensor>& tensors);

}  // namespace sana
