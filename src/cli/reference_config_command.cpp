#include <iostream>

#include "cli/arguments.h"
#include "cli/reference_config.h"

namespace sana::cli {

int reference_config_command(CLI::App& app, const Arguments& arguments) {
  parse(app, arguments);
  std::cout << reference_config_text();
  return 0;
}

}  // namespace sana::cli
