// What `prepare` and training on clips are given: a folder of clips with captions beside them,
// shards of these, or a list.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/launch_rank.h"
#include "core/progress.h"
#include "data/source/media_lister.h"
#include "data/source/source_item.h"

namespace sana::data {

// Lists a folder with its sub-folders and the shards in them (names that begin with a dot are left
// out), one shard, or a JSONL file of clips (manifest_line.h), such as the stages' manifests of
// `sana-video filter`; sorted by id, each id once.
//
// The caption of a clip or image is the first of: x.txt; "prompt", "caption" or "text" of x.json;
// and, for each name of `captions`, its entry in folder/<name>.json or shard<name>.json (sidecar.h
// has the layout). A shard that cannot be read is one item with a problem. `only` is "all",
// "videos" or "images".
//
// Throws UserError when the source is missing, a line is not such an object, a file of `captions`
// is not JSON, or nothing is listed. EnvironmentError: there are shards, and this build reads none.
std::vector<SourceItem> list_sources(const std::filesystem::path& source, const std::string& only,
                                     const std::vector<std::string>& captions = {},
                                     int64_t max_member_mib = kMaxMemberMib);

// Hash of ids, captions and file contents: equal exactly when `prepare` would see the same input.
// Reads every file once; several processes divide them, `list` is what they share
// (content_hashes.h).
std::string hash_sources(const std::vector<SourceItem>& items, ProgressSink& progress,
                         const LaunchRank& ranks = {}, const std::filesystem::path& list = {});

}  // namespace sana::data
