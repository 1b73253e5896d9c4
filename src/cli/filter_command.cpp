#include <filesystem>
#include <iostream>

#include "cli/arguments.h"
#include "cli/phase.h"
#include "core/device.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/output_lock.h"
#include "core/progress.h"
#include "core/signals.h"
#include "filter/export/export_clips.h"
#include "filter/filter.h"
#include "filter/record/score_table.h"

namespace sana::cli {
namespace fs = std::filesystem;
namespace {

struct FilterOptions {
  config::Source source;
  bool only_decides = false;
  bool lists_scores = false;
  std::string export_folder;
};

void print_scores() {
  for (const filter::ScoreKind& kind : filter::score_table()) {
    const std::string unit = kind.unit.empty() ? "" : " [" + kind.unit + "]";
    std::cout << fmt::format("{:<24}{}\n", kind.name + unit, kind.help);
  }
}

void print_result(const filter::FilterConfig& config, const filter::FilterResult& result) {
  std::cout << fmt::format("{} videos, {} of them unusable; {} shots, {:.2f} h\n", result.files,
                           result.unusable_files, result.shots, result.hours);
  for (const auto& stage : result.stages) {
    std::cout << fmt::format("stage {}: {} shots, {:.2f} h -> {}\n", stage.name, stage.kept,
                             stage.kept_hours, stage.manifest);
  }
  std::cout << fmt::format("report: {}/report/index.html\n", config.output);
}

// False when asked to stop.
bool export_stages(const FilterOptions& options, const filter::FilterResult& result,
                   ProgressSink& progress) {
  for (const auto& stage : result.stages) {
    const fs::path folder = fs::path(options.export_folder) / stage.name;
    const int64_t exported = filter::export_clips(stage.manifest, folder, progress);
    if (stop_signal() != 0) return false;
    std::cout << fmt::format("exported: {} clips in {}\n", exported, folder.string());
  }
  return true;
}

// False when asked to stop.
bool run_filter(const FilterOptions& options, const config::Loaded<filter::FilterConfig>& loaded,
                ProgressSink& progress) {
  const filter::FilterConfig& config = loaded.config;
  const fs::path output = config.output;
  ensure_writable_directory(output);
  const OutputLock lock = OutputLock::of_folder(output);
  if (!options.only_decides &&
      !with_phase("measuring", [&] { return filter::measure(config, progress); })) {
    return false;
  }
  const auto result = with_phase("deciding", [&] { return filter::decide(config, progress); });
  write_file_atomically(output / "config.yaml", loaded.resolved_yaml);
  print_result(config, result);
  log::info("peak memory: {:.0f} MiB", double(host_memory().peak_resident) / double(1 << 20));
  return options.export_folder.empty() || export_stages(options, result, progress);
}

}  // namespace

int filter_command(CLI::App& app, const Arguments& arguments) {
  FilterOptions options;
  add_config_arguments(app, options.source);
  app.get_option("config")->required(false);
  app.add_flag("--decide", options.only_decides,
               "Decide again from the scores that are there, without decoding anything.");
  app.add_flag("--list-scores", options.lists_scores,
               "Name every score with its unit and meaning.");
  app.add_option("--export", options.export_folder,
                 "Also write the kept shots of each stage as mp4 below this folder.");
  parse(app, arguments);
  if (options.lists_scores) {
    print_scores();
    return static_cast<int>(ExitCode::kOk);
  }
  require(!options.source.file.empty(),
          "filter: which configuration? 'sana-video filter --help' shows how it is used");
  const auto loaded = config::load_with_origins<filter::FilterConfig>(options.source);
  install_stop_handlers();
  const auto progress = make_console_progress();
  if (run_filter(options, loaded, *progress)) return static_cast<int>(ExitCode::kOk);
  log::warning("stopped; run the same command to go on");
  return static_cast<int>(ExitCode::kTerminated);
}

}  // namespace sana::cli
