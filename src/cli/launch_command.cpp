#include "cli/arguments.h"
#include "core/environment.h"
#include "core/error.h"
#include "launch/launcher.h"

namespace sana::cli {

int launch_command(CLI::App& app, const Arguments& arguments) {
  LaunchOptions options;
  app.add_option("--nproc", options.processes, "Processes on this machine: one for each GPU.")
      ->required();
  app.add_option("--nnodes", options.nodes, "Machines; each runs this command.");
  app.add_option("--min-nodes", options.min_nodes,
                 "Machines that are enough to go on with when others are lost; all, if not given.");
  app.add_option(
      "--node-wait", options.node_wait_s,
      "Seconds to wait for a lost machine before going on without it; more than --grace, which "
      "the others may need to end their processes.");
  app.add_option("--node-rank", options.node_rank, "Number of this machine, from 0 on.");
  app.add_option(
      "--rendezvous", options.rendezvous,
      "HOST:PORT of machine 0, the same on all: a port that is free there. Not needed on "
      "one machine.");
  app.add_option(
      "--max-restarts", options.max_restarts,
      "Times that all processes are started again when one is lost; of machine 0 counts.");
  app.add_option("--grace", options.grace_s,
                 "Seconds between asking processes to end and killing them.");
  app.prefix_command();
  app.footer(app.get_footer() + "\nWhat follows the options is a command of this program: train.");
  parse(app, arguments);
  options.command = app.remaining();
  require(
      !options.command.empty() && options.command[0] == "train",
      "launch: '{}' is no command that is shared by processes; expected: launch --nproc 8 train "
      "CONFIG",
      options.command.empty() ? "" : options.command[0]);
  options.command.insert(options.command.begin(), program_file().string());
  return static_cast<int>(launch(options));
}

}  // namespace sana::cli
