// What `filter` is given: folders, lists and shards, as a list of videos.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/progress.h"
#include "filter/record/video_record.h"

namespace sana::filter {

// The videos of all sources, sorted by id, each id once. A source is a folder (its sub-folders,
// too; names that begin with a dot are left out), a shard (.zip, .tar), a video, or a list: a text
// file with a path or JSON object with `path` per line, relative to it. Shards inside a folder or
// list are opened. Ids are paths below their folder, or as they stand in the list; when there are
// several sources they begin with the shortest tail of the source's path that tells it from those
// before it ("videos/", "disk2/videos/"). What cannot be found, read or used is listed all the
// same, with its problem or for measuring to give the reason. `max_member_mib`: of ListOptions.
// Throws UserError: a source is missing or given twice, nothing is listed; Stopped.
std::vector<VideoFile> list_videos(const std::vector<std::string>& sources, int64_t max_member_mib,
                                   ProgressSink& progress);

}  // namespace sana::filter
