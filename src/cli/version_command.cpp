#include <torch/version.h>

#include <iostream>

#include "cli/arguments.h"
#include "core/build_config.h"

namespace sana::cli {

int version_command(CLI::App& app, const Arguments& arguments) {
  parse(app, arguments);
  std::cout << "sana-video " SANA_VERSION " (" SANA_BUILD_TYPE ", LibTorch " TORCH_VERSION ", CUDA "
            << (SANA_HAS_CUDA ? "yes" : "no") << ", video " << (SANA_HAS_VIDEO_IO ? "yes" : "no")
            << ")\n";
  return 0;
}

}  // namespace sana::cli
