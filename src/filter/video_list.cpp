#include "filter/video_list.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "data/source/media_lister.h"

namespace sana::filter {
namespace fs = std::filesystem;
namespace {

// Size and time of the last change; zeros when there is no such file.
void stat_file(VideoFile& file) {
  struct stat status {};
  if (::stat(file.place.path.c_str(), &status) != 0) return;
  file.bytes = status.st_size;
  file.modified_ns = int64_t(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec;
}

data::MediaLister list_all(const std::vector<std::string>& sources, ProgressSink& progress) {
  data::ListOptions options;
  options.key = "sources";
  options.images = false;
  options.lines = data::ListLines::kFiles;
  options.captions.reset();  // read while deciding, by the names that are asked for then
  options.lists_problems = false;
  options.hidden_members = true;
  data::MediaLister lister(options, &progress);
  for (const std::string& source : sources) {
    const fs::path path = fs::path(source).lexically_normal();
    const fs::path named = path.has_filename() ? path : path.parent_path();
    lister.add_source(path, sources.size() > 1 ? named.filename().string() + "/" : "");
  }
  return lister;
}

// Sorted by id, each id once.
void sort_videos(std::vector<VideoFile>& videos) {
  std::sort(videos.begin(), videos.end(),
            [](const VideoFile& a, const VideoFile& b) { return a.id < b.id; });
  const auto twice =
      std::adjacent_find(videos.begin(), videos.end(),
                         [](const VideoFile& a, const VideoFile& b) { return a.id == b.id; });
  if (twice == videos.end()) return;
  throw UserError(fmt::format("sources: '{}' is listed twice ({} and {}); name each video once",
                              twice->id, twice->place.path.string(),
                              (twice + 1)->place.path.string()));
}

}  // namespace

std::vector<VideoFile> list_videos(const std::vector<std::string>& sources,
                                   ProgressSink& progress) {
  progress.begin("listing videos", 0, "videos");
  std::vector<VideoFile> videos;
  for (data::SourceItem& item : list_all(sources, progress).take()) {
    VideoFile video{std::move(item.id), std::move(item.place), 0, 0};
    const bool is_same_shard = !videos.empty() && videos.back().place.path == video.place.path;
    if (is_same_shard) {
      video.bytes = videos.back().bytes;
      video.modified_ns = videos.back().modified_ns;
    } else {
      stat_file(video);
    }
    videos.push_back(std::move(video));
  }
  sort_videos(videos);
  progress.end();
  require(
      !videos.empty(),
      "sources: no videos are listed; expected folders, lists or ZIP shards of files that end in "
      ".mp4, .mkv, .webm, .avi, .mov or .wmv");
  return videos;
}

}  // namespace sana::filter
