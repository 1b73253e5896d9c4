// `sana-video launch`: the processes of one training on this machine, one for each GPU.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"

namespace sana {

struct LaunchOptions {
  int64_t processes = 1;  // on this machine
  int64_t nodes = 1;      // machines, each with a launcher of its own and as many processes
  int64_t node_rank = 0;
  // "HOST:PORT" of the first machine, where all meet; empty with one node: a free port of this host.
  std::string rendezvous;
  int64_t max_restarts = 0;
  int64_t grace_s = 60;              // between asking processes to end and killing them
  std::vector<std::string> command;  // the program and its words
};

// Runs the command once for each process, with the variables of torchrun (RANK, WORLD_SIZE,
// LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT), to the end of all. What they write to
// stderr goes to stderr behind "[rank] "; the results of rank 0 go to stdout. Signals are handed on.
// When one fails, the others are ended, and all are started again (the run goes on from its newest
// checkpoint) up to `max_restarts` times, unless its configuration is at fault (exit code 2).
// Returns the exit code of the processes, or that of the first that failed. Throws UserError for
// options that contradict each other, EnvironmentError when a process cannot be started.
ExitCode launch(const LaunchOptions& options);

}  // namespace sana
