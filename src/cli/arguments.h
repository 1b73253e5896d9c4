// Parsing one sub-command's arguments.
#pragma once
#include <CLI/CLI.hpp>
#include <string>

#include "cli/commands.h"
#include "core/config/config.h"

namespace sana::cli {

// Parses `arguments`. Throws UserError for arguments that do not fit (names the command's help),
// and CLI::CallForHelp for --help, which the runner turns into the help text.
void parse(CLI::App& app, const Arguments& arguments);

// Adds "CONFIG [section.key=value ...]" and binds it to `source`.
void add_config_arguments(CLI::App& app, config::Source& source);

}  // namespace sana::cli
