// The clips of a stage's manifest as files of their own.
#pragma once
#include <cstdint>
#include <filesystem>

#include "core/progress.h"

namespace sana::filter {

// Writes each clip of a stage-<name>.jsonl as <folder>/<id>.mp4 (H.264, without its borders), with
// its caption in <id>.txt; '/' and '#' of the id become '_'. Files that are there already are left
// alone, so that a stopped export goes on. Returns how many there are now. Throws UserError: the
// manifest is missing or damaged, a line has no end_s, crop or fps, a video is no longer what it
// was; EnvironmentError, also when this build writes no videos.
int64_t export_clips(const std::filesystem::path& manifest, const std::filesystem::path& folder,
                     ProgressSink& progress);

}  // namespace sana::filter
