// `sana-video launch`: the processes of one training on this machine, one for each GPU.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/error.h"

namespace sana {

struct LaunchOptions {
  int64_t processes = 1;      // on this machine
  int64_t nodes = 1;          // machines, each with a launcher of its own and as many processes
  int64_t min_nodes = 0;      // that are enough to go on with when others are lost; 0: all
  int64_t node_wait_s = 120;  // for a lost machine, before the run goes on without it
  int64_t node_rank = 0;
  // "HOST:PORT" of the first machine, where the launchers meet; not used with one node.
  std::string rendezvous;
  int64_t max_restarts = 0;          // of machine 0 counts
  int64_t grace_s = 60;              // between asking processes to end and killing them
  std::vector<std::string> command;  // the program and its words
};

// Runs the command once for each process, with the variables of torchrun (RANK, WORLD_SIZE,
// LOCAL_RANK, LOCAL_WORLD_SIZE, MASTER_ADDR, MASTER_PORT), to the end of all. What they write to
// stderr goes to stderr behind "[rank] "; the results of rank 0 go to stdout. Signals are handed on.
// When one fails, the others are ended, and all are started again (the run goes on from its newest
// checkpoint) up to `max_restarts` times, unless its configuration is at fault (exit code 2).
// Returns the exit code of the processes, or that of the first that failed.
//
// The launchers of several machines begin together: when processes of one have failed, those of all
// are ended and started again. A machine that does not come back is waited for; with min_nodes the
// run goes on without it then, and it takes part again from the next start on that it is there for.
// Machine 0 has to live: its launcher holds the table (agreement.h).
//
// Throws UserError for options that contradict each other, EnvironmentError when a process cannot be
// started or the machines do not meet.
ExitCode launch(const LaunchOptions& options);

}  // namespace sana
