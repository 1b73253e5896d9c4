// The program's outermost layer: picks the command, prints help, turns failures into a message on
// stderr and an exit code.
#pragma once
#include <exception>
#include <string>
#include <vector>

#include "cli/command_table.h"

namespace sana::cli {

// Runs the program with the words after its name; never throws.
int run(const std::vector<std::string>& words);

// Runs one command, or prints its help. Throws sana::Error.
int run_command(const Command& command, const Arguments& arguments);

// Prints "error: ..." to stderr and gives the exit code that belongs to `error`.
int report_error(std::exception_ptr error);

}  // namespace sana::cli
