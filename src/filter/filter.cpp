#include "filter/filter.h"

#include <algorithm>
#include <filesystem>

#include "core/build_config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json_dump.h"
#include "core/log.h"
#include "data/drop_report.h"
#include "data/hdr_count.h"
#include "data/source/sidecar.h"
#include "filter/decide/copies.h"
#include "filter/decide/shot_table.h"
#include "filter/decide/stage_manifest.h"
#include "filter/decide/verdict.h"
#include "filter/record/score_store.h"
#include "filter/report/report_data.h"
#include "filter/report/report_page.h"
#include "filter/report/thumbnails.h"
#include "filter/video_list.h"
#if SANA_HAS_VIDEO_IO
#include "filter/measure/measure_all.h"
#endif

namespace sana::filter {
namespace fs = std::filesystem;
namespace {

// The shots of all videos with what lies beside them, and the files that gave none.
struct Loaded {
  ShotTable table;
  ReportInput input;
  data::DropReport unusable;
};

Loaded load_scores(const FilterConfig& config, ProgressSink& progress) {
  const fs::path output = config.output;
  const fs::path named = output.lexically_normal();
  Loaded loaded{ShotTable(config.score_names()), {}, {}};
  loaded.input.name = (named.has_filename() ? named : named.parent_path()).filename().string();
  data::SidecarReader sidecars(config.sidecars.scores, config.sidecars.captions);
  progress.begin("reading scores", 0, "videos");
  read_scores(output, [&](const VideoRecord& record) {
    ++loaded.input.files;
    progress.advance();
    if (record.problem) {
      loaded.input.unusable.add(*record.problem);
      loaded.unusable.add(*record.problem);
      return;
    }
    data::Sidecar sidecar = sidecars.read(record.file.place.path, record.file.place.member);
    if (!sidecar.problem.empty()) log::warning("{}: {}", record.file.id, sidecar.problem);
    loaded.table.add(record, std::move(sidecar.captions), sidecar.scores);
  });
  progress.end();
  const int64_t used = loaded.table.num_videos(), unusable = loaded.input.unusable.count;
  if (loaded.input.files != used + unusable) {
    throw InternalError(fmt::format("{} videos are listed, but {} are used and {} unusable",
                                    loaded.input.files, used, unusable));
  }
  return loaded;
}

FilterResult::Stage write_stage(const fs::path& output, const ShotTable& table,
                                const Verdict& verdict) {
  const fs::path manifest = output / fmt::format("stage-{}.jsonl", verdict.stage().name);
  write_stage_manifest(manifest, table, verdict);
  FilterResult::Stage stage{verdict.stage().name, 0, 0, manifest.string()};
  for (int64_t i = 0; i < table.size(); ++i) {
    if (!verdict.keeps(i)) continue;
    ++stage.kept;
    stage.kept_hours += table.seconds(i) / 3600;
  }
  return stage;
}

void log_hdr(const ShotTable& table) {
  const auto& names = table.score_names();
  const auto column = size_t(std::find(names.begin(), names.end(), "hdr") - names.begin());
  data::HdrCount count;
  for (int64_t i = 0; i < table.size(); ++i) {
    const double score = table.score(i, column);
    if (score > 0) count.add(media::Hdr(int(score)));
  }
  if (count.total() > 0) log::warning("{}", count.text());
}

void write_report(const FilterConfig& config, const Loaded& loaded,
                  const std::vector<Verdict>& verdicts) {
  using Json = nlohmann::ordered_json;
  const fs::path output = config.output;
  const Json report = report_data(loaded.input, loaded.table, verdicts, config);
  write_file_atomically(output / "report.json", dump_json(report, 1) + "\n");
  ensure_writable_directory(output / "report");
  write_file_atomically(output / "report" / "index.html",
                        report_page(with_pictures(report, Thumbnails(output))));
}

}  // namespace

bool measure(const FilterConfig& config, ProgressSink& progress) {
#if SANA_HAS_VIDEO_IO
  const std::string measured_with = config.measured_with();
  const std::vector<VideoFile> videos =
      list_videos(config.sources, config.max_member_mib, progress);
  ensure_writable_directory(config.output);
  remove_partials(config.output);
  ScoreStore store(config.output);
  const Thumbnails thumbnails{fs::path(config.output)};
  if (!measure_all(config, videos, measured_with, store, thumbnails, progress)) return false;
  store.finish(videos);
  return true;
#else
  static_cast<void>(progress);
  throw EnvironmentError(
      "this build of sana-video cannot decode videos: it was configured without OpenCV, FFmpeg or "
      "libjpeg. Install libopencv-dev, libavcodec-dev, libavformat-dev, libswscale-dev and "
      "libjpeg-dev and configure "
      "again, or copy " +
      config.output + "/scores.jsonl here from a machine that can, and use --decide.");
#endif
}

FilterResult decide(const FilterConfig& config, ProgressSink& progress) {
  ensure_writable_directory(config.output);
  for (const fs::path& folder : {fs::path(config.output), fs::path(config.output) / "report"}) {
    remove_partials(folder);
  }
  Loaded loaded = load_scores(config, progress);
  ShotTable& table = loaded.table;
  if (config.copy_distance) mark_copies(table, *config.copy_distance);

  FilterResult result;
  result.files = loaded.input.files;
  result.unusable_files = loaded.input.unusable.count;
  result.shots = table.size();
  for (int64_t i = 0; i < table.size(); ++i) result.hours += table.seconds(i) / 3600;

  const fs::path output = config.output;
  std::vector<Verdict> verdicts;
  for (const StageConfig& stage : config.stages) {
    verdicts.emplace_back(table, stage);
    result.stages.push_back(write_stage(output, table, verdicts.back()));
  }
  write_verdicts(output / "verdicts.jsonl", table, verdicts);
  loaded.unusable.write(output / "unusable.jsonl");
  write_report(config, loaded, verdicts);
  log_hdr(table);
  return result;
}

}  // namespace sana::filter
