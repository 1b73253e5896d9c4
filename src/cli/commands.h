// The sub-commands: one function and one file each. command_table.cpp lists them with their summary
// and examples; runner.h turns what they throw into a message and an exit code.
#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sana::cli {

// What follows the name of the sub-command on the command line.
using Arguments = std::vector<std::string>;

// Every command adds its options to `app` (which comes with name, summary, examples and the options
// that all commands share), calls parse() of arguments.h, works, prints results to stdout and
// returns the exit code; failures are thrown as sana::Error.
using CommandFunction = int (*)(CLI::App& app, const Arguments& arguments);

int filter_command(CLI::App& app, const Arguments& arguments);
int prepare_command(CLI::App& app, const Arguments& arguments);
int train_command(CLI::App& app, const Arguments& arguments);
int launch_command(CLI::App& app, const Arguments& arguments);
int check_command(CLI::App& app, const Arguments& arguments);
int sample_command(CLI::App& app, const Arguments& arguments);
int verify_command(CLI::App& app, const Arguments& arguments);
int inspect_command(CLI::App& app, const Arguments& arguments);
int export_command(CLI::App& app, const Arguments& arguments);
int convert_command(CLI::App& app, const Arguments& arguments);
int doctor_command(CLI::App& app, const Arguments& arguments);
int version_command(CLI::App& app, const Arguments& arguments);
// Prints configs/reference.yaml. Not listed in the overview.
int reference_config_command(CLI::App& app, const Arguments& arguments);

}  // namespace sana::cli
