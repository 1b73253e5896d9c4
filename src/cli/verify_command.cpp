#include <iostream>
#include <optional>

#include "cli/arguments.h"
#include "core/device.h"
#include "core/error.h"
#include "infer/verify/verify.h"

namespace sana::cli {
namespace {

std::string line_text(const infer::VerifyLine& line) {
  if (!line.computed) {
    return fmt::format("  {:<64} {:<22} not computed                       FAIL", line.name,
                       line.shape);
  }
  return fmt::format("  {:<64} {:<22} error {:.2e}  bound {:.2e}  {}", line.name, line.shape,
                     line.error, line.bound, line.ok() ? "ok" : "FAIL");
}

// Prints the comparison of one file; returns the number of failures.
int verify_one(const std::filesystem::path& file, const infer::VerifyOptions& options) {
  std::cout << file.string() << " (" << options.device << ", " << dtype_name(options.dtype)
            << ")\n";
  int failures = 0;
  double worst = 0.0;
  const auto lines = infer::verify_file(file, options);
  for (const infer::VerifyLine& line : lines) {
    std::cout << line_text(line) << "\n";
    failures += line.ok() ? 0 : 1;
    if (line.computed) worst = std::max(worst, line.error / line.bound);
  }
  std::cout << fmt::format("  {} of {} tensors within bounds, worst at {:.0f} % of its bound\n",
                           lines.size() - size_t(failures), lines.size(), 100.0 * worst);
  return failures;
}

}  // namespace

int verify_command(CLI::App& app, const Arguments& arguments) {
  std::vector<std::filesystem::path> files;
  std::string device = "cpu", dtype = "float32";
  std::optional<std::filesystem::path> weights;
  app.add_option("files", files, "Fixture files (.safetensors).")->required();
  app.add_option("--device", device, "cpu, cuda or auto.")->capture_default_str();
  app.add_option("--dtype", dtype, "float32 or bfloat16.")->capture_default_str();
  app.add_option("--weights", weights, "Fixture that holds the weights, when FILES have none.");
  parse(app, arguments);

  infer::VerifyOptions options;
  options.device = parse_device(device);
  options.dtype = parse_dtype(dtype);
  options.weights = weights;
  int failures = 0;
  for (const auto& file : files) failures += verify_one(file, options);
  if (failures > 0) {
    std::cout << failures << " tensors differ: this build does not compute what it should here\n";
    return int(ExitCode::kEnvironment);
  }
  return int(ExitCode::kOk);
}

}  // namespace sana::cli
