// Configuration of `sana-video filter`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/config/checks.h"
#include "core/config/problems.h"
#include "data/source/media_lister.h"
#include "filter/config/learned_config.h"
#include "filter/config/measure_config.h"
#include "filter/config/shot_config.h"
#include "filter/config/stage_config.h"

namespace sana::filter {

struct SidecarConfig {
  std::vector<std::string> scores;
  std::vector<std::string> captions;

  template <class Binder>
  void bind(Binder& b) {
    b.field(
        "scores", scores,
        "Names of score files beside the shards: _unimatch for <shard>_unimatch.json. Each is a "
        "score of that name.");
    b.field("captions", captions,
            "Names of caption files: _Qwen2_5-VL for <shard>_Qwen2_5-VL.json. Each is a caption "
            "source.");
  }
};

struct ReportConfig {
  int64_t clips_per_sheet = 12;
  int64_t histogram_bars = 40;

  template <class Binder>
  void bind(Binder& b) {
    b.field("clips_per_sheet", clips_per_sheet, "Clips shown per stage and reason.",
            config::between<int64_t>(0, 1000));
    b.field("histogram_bars", histogram_bars, "Bars of each histogram.",
            config::between<int64_t>(2, 200));
  }
};

struct FilterConfig {
  std::vector<std::string> sources;
  std::string output;
  int64_t num_workers = 0;
  int64_t max_member_mib = data::kMaxMemberMib;
  std::optional<int64_t> copy_distance = 6;
  ShotConfig shots;
  MeasureConfig measure;
  std::vector<LearnedScoreConfig> learned;
  SidecarConfig sidecars;
  std::vector<StageConfig> stages;
  ReportConfig report;

  template <class Binder>
  void bind(Binder& b) {
    b.required("sources", sources,
               "Folders, lists of paths (.txt, .jsonl), ZIP or tar shards, or videos.");
    b.required("output", output, "Folder of scores.jsonl, the stages' manifests and the report.");
    b.field("num_workers", num_workers, "Videos measured at once; 0: one per processor.",
            config::between<int64_t>(0, 1024));
    b.field("max_member_mib", max_member_mib, data::kMaxMemberHelp,
            config::between<int64_t>(1, 1 << 20));
    b.field(
        "copy_distance", copy_distance,
        "Shots are copies when their picture hashes differ in at most so many of 64 bits; null: "
        "not looked for.",
        config::between<int64_t>(0, 12));
    b.field("shots", shots, "How videos are cut into shots.");
    b.field("measure", measure, "How closely they are looked at.");
    b.field("learned", learned, "Scores that networks give.");
    b.field("sidecars", sidecars, "Scores and captions from files beside the shards.");
    b.required("stages", stages, "Training stages, each with its own criteria and manifest.");
    b.field("report", report, "report/index.html and report.json.");
  }
  void validate(config::Problems& problems) const;

  // Names of all scores: measured, learned, of sidecars.
  std::vector<std::string> score_names() const;
  // Hash of what determines the measurements; thresholds and sidecars do not. Throws UserError when
  // the file of a learned score cannot be read.
  std::string measured_with() const;
};

}  // namespace sana::filter
