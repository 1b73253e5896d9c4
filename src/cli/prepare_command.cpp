#include <iostream>

#include "cli/arguments.h"
#include "cli/phase.h"
#include "cli/prepare_config.h"
#include "cli/sample_arguments.h"
#include "core/config/config.h"
#include "core/device.h"
#include "core/error.h"
#include "core/launch_rank.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "data/encoding/data_encoders.h"
#include "data/prepared/prepare_rules.h"
#include "data/prepared/prepared_dataset.h"

namespace sana::cli {
namespace {

// Before weights are loaded or a clip is read. Throws UserError that names each key and where it
// was set.
void require_frames_and_sizes(const PrepareCommandConfig& config, const checkpoints::VaeSource& vae,
                              const config::Origins& origins) {
  if (data::is_prepared(config.data.source)) return;
  config::Problems problems;
  data::check_for_vae(config.data, config.data.only, vae.geometry, vae.name, problems);
  std::string lines;
  for (const auto& [key, message] : problems.all()) {
    const auto origin = origins.find(key);
    lines += fmt::format("{}{}: {} {}", lines.empty() ? "" : "\n",
                         origin == origins.end() ? "default" : origin->second, key, message);
  }
  if (!lines.empty()) throw UserError(lines);
}

data::PrepareResult run_prepare(const PrepareCommandConfig& config, const config::Origins& origins,
                                const LaunchRank& ranks, ProgressSink& progress) {
  if (config.data.kind != "latents") return data::prepare(config.data, nullptr, progress, ranks);
  const checkpoints::VaeSource vae =
      with_context("vae", [&] { return checkpoints::find_vae(config.vae); });
  require_frames_and_sizes(config, vae, origins);
  const c10::Device device = rank_device(config.device, parse_device(config.device), ranks);
  log::info("encoding on {}", device.str());
  const data::Encoders encoders = with_phase("loading the encoders", [&] {
    return data::DataEncoders(vae, parse_dtype(config.precision), config.text_encoder, device)
        .functions();
  });
  return with_phase("preparing " + config.data.source,
                    [&] { return data::prepare(config.data, &encoders, progress, ranks); });
}

}  // namespace

int prepare_command(CLI::App& app, const Arguments& arguments) {
  config::Source source;
  add_config_arguments(app, source);
  parse(app, arguments);

  // As config::load does, and the origins are kept for what the VAE may have to say.
  PrepareCommandConfig config;
  auto document = config::Document::read(source.file, source.overrides);
  document.bind(config);
  document.throw_if_problems();
  install_stop_handlers();
  const auto progress = make_console_progress();
  const LaunchRank ranks = launch_rank();
  const data::PrepareResult result = run_prepare(config, document.origins(), ranks, *progress);
  if (result.stopped) {
    log::warning("stopped; run the same command to go on");
    return static_cast<int>(ExitCode::kTerminated);
  }
  if (ranks.rank != 0) return static_cast<int>(ExitCode::kOk);  // rank 0 speaks for all
  const std::string cut =
      result.cut_captions > 0 ? fmt::format(", {} captions cut", result.cut_captions) : "";
  std::cout << fmt::format("{}: {} samples from {} clips, {} unused{}\n", config.data.output,
                           result.samples, result.listed, result.unused, cut);
  return static_cast<int>(ExitCode::kOk);
}

}  // namespace sana::cli
