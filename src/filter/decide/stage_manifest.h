// What the stages get: stage-<name>.jsonl, and verdicts.jsonl with the reasons for every shot.
#pragma once
#include <filesystem>
#include <vector>

#include "filter/decide/shot_table.h"
#include "filter/decide/verdict.h"

namespace sana::filter {

// A data::ManifestLine per kept shot, in the order of ids; `path` is relative to the manifest where
// the source was named relative to the working folder. Throws UserError when a line has a value
// that no reader would take, EnvironmentError.
void write_stage_manifest(const std::filesystem::path& file, const ShotTable& table,
                          const Verdict& verdict);

// A line per shot: {"id", "<stage>": "kept" or [reasons], ...}. Throws EnvironmentError.
void write_verdicts(const std::filesystem::path& file, const ShotTable& table,
                    const std::vector<Verdict>& verdicts);

}  // namespace sana::filter
