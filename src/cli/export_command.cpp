#include <iostream>

#include "checkpoints/run_folder.h"
#include "cli/arguments.h"
#include "cli/phase.h"
#include "core/device.h"
#include "train/export.h"

namespace sana::cli {

int export_command(CLI::App& app, const Arguments& arguments) {
  std::filesystem::path source, target;
  std::string dtype = "bfloat16";
  app.add_option("checkpoint", source, "Training checkpoint, or a run's folder (its newest one).")
      ->required();
  app.add_option("folder", target, "New folder for what inference needs.")->required();
  app.add_option("--dtype", dtype, "Precision of the weights: bfloat16 or float32.")
      ->capture_default_str();
  parse(app, arguments);

  with_phase("exporting " + source.string(), [&] {
    train::export_checkpoint(checkpoints::resolve_checkpoint(source), target, parse_dtype(dtype));
  });
  std::cout << target.string() << "\n";
  return 0;
}

}  // namespace sana::cli
