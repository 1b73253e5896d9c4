#include <iostream>

#include "cli/arguments.h"
#include "cli/phase.h"
#include "core/device.h"
#include "train/export.h"

namespace sana::cli {

int export_command(CLI::App& app, const Arguments& arguments) {
  std::filesystem::path source, target;
  std::string dtype = "bfloat16";
  app.add_option("checkpoint", source,
                 "Training checkpoint, or a run's folder (its newest one), or an earlier export.")
      ->required();
  app.add_option("folder", target, "New folder for what inference needs.")->required();
  app.add_option("--dtype", dtype, "Precision of the weights: bfloat16 or float32.")
      ->capture_default_str();
  bool verifies = true;
  app.add_flag("--verify,!--no-verify", verifies,
               "Compare the files with the hashes in manifest.json first (default).")
      ->default_val(true);
  parse(app, arguments);

  with_phase("exporting " + source.string(),
             [&] { train::export_checkpoint(source, target, parse_dtype(dtype), verifies); });
  std::cout << target.string() << "\n";
  return 0;
}

}  // namespace sana::cli
