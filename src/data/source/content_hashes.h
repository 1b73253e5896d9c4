// Hashes of the files of a source, found by several processes together: each reads its share, and
// all learn the others' from a list in a folder that they share. Nothing outside this folder needs
// it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/launch_rank.h"
#include "core/progress.h"

namespace sana::data {

// SHA-1 of each file; "missing" where there is none, "unreadable" where
// it may not be read. `list` is a JSONL file {path, bytes,
// modified_ns, hash} that grows; entries of a file that has changed since do not count. One process
// reads everything and writes no list. When nothing has come from the others for `patience_s`
// seconds, since they have ended or wait for their turn, their shares are read here. Throws
// UserError when a file cannot be read, Stopped.
std::map<std::filesystem::path, std::string> hash_contents(
    const std::vector<std::filesystem::path>& files, const LaunchRank& ranks,
    const std::filesystem::path& list, ProgressSink& progress, double patience_s = 30);

}  // namespace sana::data
