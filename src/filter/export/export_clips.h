// The clips of a stage's manifest as files of their own.
#pragma once
#include <cstdint>
#include <filesystem>

#include "core/progress.h"

namespace sana::filter {

// Writes each clip of a stage-<name>.jsonl as <folder>/<id>.mp4 (H.264, without its borders), with
// its caption in <id>.txt; export_names.h has the names, and how a stopped export goes on. Nothing
// that is another's is written over, and a clip that cannot be exported stops no other. Returns how
// many there are now. Throws UserError: the manifest is missing or damaged, a line has no end_s,
// crop or fps, or, once all others are exported, that clips are not (their videos are gone or no
// longer what they were, files of their names are another's); EnvironmentError, also when this
// build writes no videos.
int64_t export_clips(const std::filesystem::path& manifest, const std::filesystem::path& folder,
                     ProgressSink& progress);

}  // namespace sana::filter
