// What `prepare` is given: a folder of clips with captions beside them, or a JSONL list.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/progress.h"
#include "data/unusable.h"
#include "data/video_reader.h"

namespace sana::data {

enum class MediaKind { kVideo, kImage };

struct SourceItem {
  std::string id;  // path relative to the folder or manifest, with '/'; or what the line says
  std::filesystem::path path;  // to open
  std::string caption;         // whitespace tidied; empty: missing
  MediaKind kind = MediaKind::kVideo;
  VideoPart part;                     // a video, or the shot of it that a manifest names
  std::optional<UnusedClip> problem;  // found while listing
};

// Valid UTF-8 in which runs of white space are one blank.
std::string tidy_caption(const std::string& text);

// Video or image by the name's ending (.mp4 .mkv .webm .avi .mov .wmv; .jpg .jpeg .png), or
// nothing.
std::optional<MediaKind> media_kind(const std::filesystem::path& path);

// Lists a folder with its sub-folders (x.mp4 with x.txt; names that begin with a dot are left out)
// or a JSONL file whose lines have `path` (relative to the file) and `caption`, and may have `id`,
// `member` (of a shard), `start_s`, `end_s` and `crop`, as the stages' manifests of `sana-video
// filter` do; sorted by id, each id once among items without a problem. `only` is "all", "videos"
// or "images". Throws UserError when the source is missing, a line is not such an object, or
// nothing is listed.
std::vector<SourceItem> list_sources(const std::filesystem::path& source, const std::string& only);

// Throws UnusableClip when listing found a problem, or words are needed and there are none.
void check_usable(const SourceItem& item, bool needs_caption);

// Hash of ids, captions and file contents: equal exactly when `prepare` would see the same input.
// Reads every file once.
std::string hash_sources(const std::vector<SourceItem>& items, ProgressSink& progress);

}  // namespace sana::data
