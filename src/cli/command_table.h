// Every sub-command in one table: what it is called, what it does, how it is used.
#pragma once
#include <string>
#include <vector>

#include "cli/commands.h"

namespace sana::cli {

struct Command {
  std::string name;
  std::string summary;
  std::vector<std::string> examples;  // whole command lines; they work from the repository's root
  CommandFunction function;
  bool is_listed = true;  // in the overview
};

const std::vector<Command>& command_table();

// Throws UserError that suggests the nearest name.
const Command& find_command(const std::string& name);

// What `sana-video help` prints.
std::string overview();
// The examples as they stand below a command's help.
std::string examples_text(const Command& command);

}  // namespace sana::cli
