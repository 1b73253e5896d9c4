// What `filter` is given: folders, lists and shards, as a list of videos.
#pragma once
#include <string>
#include <vector>

#include "core/progress.h"
#include "filter/record/video_record.h"

namespace sana::filter {

// The videos of all sources, sorted by id, each id once. A source is a folder (its sub-folders,
// too; names that begin with a dot are left out), a shard (.zip, .tar), a video, or a list: a text
// file with a path or JSON object with `path` per line, relative to it. Shards inside a folder or
// list are opened. Ids are paths below their folder, or as they stand in the list, and begin with
// the name of the source when there are several. A file that cannot be found is listed all the
// same: measuring it gives the reason. Throws UserError: a source is missing, nothing is listed,
// two sources give the same id, a shard is damaged.
std::vector<VideoFile> list_videos(const std::vector<std::string>& sources, ProgressSink& progress);

}  // namespace sana::filter
