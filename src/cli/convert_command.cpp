#include <iostream>

#include "checkpoints/convert/convert.h"
#include "checkpoints/convert/shards.h"
#include "checkpoints/public/dit_names.h"
#include "checkpoints/public/public_models.h"
#include "checkpoints/run_folder.h"
#include "cli/arguments.h"
#include "cli/facts.h"
#include "cli/phase.h"
#include "core/device.h"
#include "core/error.h"

namespace sana::cli {
namespace {

std::optional<c10::ScalarType> parse_target_dtype(const std::string& name) {
  if (name == "keep") return std::nullopt;
  if (name == "float16") return c10::kHalf;
  return parse_dtype(name);
}

void print_report(const checkpoints::ConvertReport& report) {
  const checkpoints::TransformerSource& source = report.source;
  print_fact("model", checkpoints::public_model_name(source.config, source.is_distilled()));
  print_fact("tensors",
             fmt::format("{}, {} parameters", source.tensors.size(),
                         count_string(checkpoints::count_dit_parameters(source.config))));
  const std::string& inside = source.file.wrapper;
  print_fact("from",
             fmt::format("{}: {}{}", source.layout.description(), source.layout.weights.string(),
                         inside.empty() ? "" : fmt::format(" ({})", inside)));
  if (source.file.step) print_fact("step", std::to_string(*source.file.step));
  for (const std::string& name : source.left_out) {
    print_fact("left out", name + " (left over from training)");
  }
  for (const std::string& note : report.notes) print_fact("note", note);
  for (const auto& path : report.written) print_fact("written", path.string());
}

}  // namespace

int convert_command(CLI::App& app, const Arguments& arguments) {
  checkpoints::ConvertOptions options;
  std::string format, dtype = "keep", shard_size = "5GB";
  app.add_option("source", options.source,
                 "Checkpoint of any layout: a diffusers pipeline or transformer folder, .pth, .pt, "
                 ".safetensors or its index, the authors' repository, a checkpoint or run of this "
                 "program.")
      ->required();
  app.add_option("target", options.target,
                 "New folder; for --to original a new file, .pth or .safetensors.")
      ->required();
  app.add_option("--to", format, "diffusers, original or native.")->required();
  app.add_option("--config", options.transformer.config,
                 "A transformer/config.json, where the source has none and its sizes are unusual.");
  app.add_option("--dtype", dtype, "keep, float32, bfloat16 or float16.")->capture_default_str();
  app.add_flag("--ema,!--no-ema", options.transformer.prefers_ema,
               "Take the averaged weights where the source has both.")
      ->default_val(true);
  app.add_option("--max-shard-size", shard_size, "Largest file of --to diffusers.")
      ->capture_default_str();
  app.add_option("--wrapper", options.wrapper,
                 "What a .pth holds: {'state_dict': ...}, {'generator': ...} as the long-video "
                 "training writes it, or the tensors themselves (flat).")
      ->check(CLI::IsMember({"state_dict", "generator", "flat"}))
      ->capture_default_str();
  app.add_flag("--overwrite", options.overwrite, "Replace a target that exists.");
  app.add_flag("--verify,!--no-verify", options.verifies,
               "Compare a checkpoint of this program with the hashes in its manifest.json first "
               "(default).")
      ->default_val(true);
  parse(app, arguments);

  options.format = checkpoints::parse_checkpoint_format(format);
  options.dtype = parse_target_dtype(dtype);
  options.max_shard_bytes = checkpoints::parse_byte_size(shard_size);
  options.source = checkpoints::resolve_checkpoint(options.source);
  const auto report = with_phase("converting " + options.source.string(),
                                 [&] { return checkpoints::convert_checkpoint(options); });
  print_report(report);
  return 0;
}

}  // namespace sana::cli
