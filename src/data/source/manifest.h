// What `prepare` is given: a folder of clips with captions beside them, shards of these, or a JSONL
// list.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/launch_rank.h"
#include "core/progress.h"
#include "data/source/place.h"
#include "media/unusable.h"

namespace sana::data {

enum class MediaKind { kVideo, kImage };

struct SourceItem {
  // Path relative to the folder or manifest, with '/', of a member of a shard followed by its name
  // in there; or what the line says.
  std::string id;
  Place place;          // the file, the member, or the shot that a manifest names
  std::string caption;  // whitespace tidied; empty: missing
  MediaKind kind = MediaKind::kVideo;
  std::optional<media::UnusedClip> problem;  // found while listing
  double weight = 1;                         // what a stage's manifest says
};

// Bytes that are no UTF-8 become replacement characters, so that JSON gives back what it was given.
std::string valid_utf8(const std::string& text);

// Valid UTF-8 in which runs of white space are one blank.
std::string tidy_caption(const std::string& text);

// Video or image by the name's ending (.mp4 .mkv .webm .avi .mov .wmv; .jpg .jpeg .png), or
// nothing.
std::optional<MediaKind> media_kind(const std::filesystem::path& path);

// Lists a folder with its sub-folders and the shards in them (names that begin with a dot are left
// out), one shard, or a JSONL file whose lines have `path` (relative to the file) and `caption`,
// and may have `id`, `member` (of a shard), `start_s`, `end_s`, `crop` and `weight`, as the stages'
// manifests of `sana-video filter` do; sorted by id, each id once.
//
// The caption of a clip or image is the first of: x.txt; "prompt", "caption" or "text" of x.json;
// and, for each name of `captions`, its entry in folder/<name>.json or shard<name>.json (sidecar.h
// has the layout). A shard that cannot be read is one item with a problem. `only` is "all",
// "videos" or "images".
//
// Throws UserError when the source is missing, a line is not such an object, a file of `captions`
// is not JSON, or nothing is listed. EnvironmentError: there are shards, and this build reads none.
std::vector<SourceItem> list_sources(const std::filesystem::path& source, const std::string& only,
                                     const std::vector<std::string>& captions = {});

// Throws UnusableClip when listing found a problem, or words are needed and there are none.
void check_usable(const SourceItem& item, bool needs_caption);

// Hash of ids, captions and file contents: equal exactly when `prepare` would see the same input.
// Reads every file once; several processes divide them, `list` is what they share
// (content_hashes.h).
std::string hash_sources(const std::vector<SourceItem>& items, ProgressSink& progress,
                         const LaunchRank& ranks = {}, const std::filesystem::path& list = {});

}  // namespace sana::data
