// Raw videos to training data: measured once, decided as often as wanted. Who calls these holds the
// output, from the first to the last of them (core/output_lock.h).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/progress.h"
#include "filter/config/filter_config.h"

namespace sana::filter {

struct FilterResult {
  struct Stage {
    std::string name;
    int64_t kept = 0;
    double kept_hours = 0;
    std::string manifest;
  };
  int64_t files = 0, unusable_files = 0, shots = 0;
  double hours = 0;  // of all shots
  std::vector<Stage> stages;
  bool stopped = false;  // by a signal, before the end; the same call continues
};

// Measures the videos of config.sources into <output>/scores.jsonl. False when a signal asked to
// stop. Only videos that are new, have changed, or were measured with other settings are decoded; a
// killed call is continued by the same call with the same result.
//
// Throws UserError (nothing to list, damaged shard or scores), EnvironmentError (disk; a build
// without FFmpeg).
bool measure(const FilterConfig& config, ProgressSink& progress);

// Decides about the shots of scores.jsonl without decoding anything, and writes
//   stage-<name>.jsonl   the manifest of each stage
//   verdicts.jsonl       every shot with the reasons of each stage
//   unusable.jsonl       every file that gave no shot: id, reason, detail, remedy
//   report.json, report/index.html
// The same scores, sidecars and configuration give the same files. Throws UserError,
// EnvironmentError.
FilterResult decide(const FilterConfig& config, ProgressSink& progress);

}  // namespace sana::filter
