#include "filter/video_list.h"

#include <spdlog/fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>

#include "core/error.h"
#include "core/text.h"
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

// The last parts of the path, as many as asked for; fewer when there are no more.
std::vector<std::string> tail_of(const fs::path& path, size_t count) {
  std::vector<std::string> parts;
  for (const fs::path& part : path.relative_path()) {
    if (!part.empty() && part != ".") parts.push_back(path_as_text(part));
  }
  if (parts.size() > count) parts.erase(parts.begin(), parts.end() - int64_t(count));
  return parts;
}

using Parts = std::vector<std::string>;

// Whether ids under one can be ids under the other.
bool may_mix(const Parts& a, const Parts& b) {
  const size_t count = std::min(a.size(), b.size());
  return std::equal(a.begin(), a.begin() + int64_t(count), b.begin());
}

// What ids begin with: the shortest tail of the source's path that tells it from those before it,
// so that no prefix changes when another source is appended.
Parts prefix_of(const fs::path& source, const std::vector<Parts>& taken) {
  const auto is_free = [&](const Parts& prefix) {
    return !prefix.empty() && std::none_of(taken.begin(), taken.end(), [&](const Parts& other) {
      return may_mix(prefix, other);
    });
  };
  const fs::path path = source.lexically_normal();
  const fs::path full = fs::absolute(path).lexically_normal();
  const size_t most = tail_of(full, std::numeric_limits<size_t>::max()).size();
  for (size_t count = 1; count <= most; ++count) {
    if (const Parts tail = tail_of(full, count); is_free(tail)) return tail;
  }
  const std::string name = most == 0 ? "root" : tail_of(full, 1).front();
  Parts numbered = {name};
  for (size_t number = 2; !is_free(numbered); ++number) {
    numbered = {fmt::format("{}-{}", name, number)};
  }
  return numbered;
}

// Throws UserError for a source that is another by another name.
void require_once(const std::vector<std::string>& sources) {
  std::map<fs::path, std::string> known;
  for (const std::string& source : sources) {
    std::error_code error;
    fs::path place = fs::weakly_canonical(source, error);
    if (error) place = fs::absolute(source).lexically_normal();
    if (!place.has_filename()) place = place.parent_path();
    const auto [earlier, is_new] = known.emplace(place, source);
    require(is_new, "sources: {} and {} are the same; name it once", earlier->second, source);
  }
}

std::vector<data::SourceItem> list_all(const std::vector<std::string>& sources,
                                       int64_t max_member_mib, ProgressSink& progress) {
  data::ListOptions options;
  options.key = "sources";
  options.images = false;
  options.lines = data::ListLines::kFiles;
  options.captions.reset();  // read while deciding, by the names that are asked for then
  options.max_member_mib = max_member_mib;
  data::MediaLister lister(options, &progress);
  std::vector<Parts> prefixes;
  for (const std::string& source : sources) {
    const fs::path path = fs::path(source).lexically_normal();
    std::string prefix;
    if (sources.size() > 1) {
      prefixes.push_back(prefix_of(path.has_filename() ? path : path.parent_path(), prefixes));
      prefix = fmt::format("{}/", fmt::join(prefixes.back(), "/"));
    }
    lister.add_source(path, prefix);
  }
  return lister.take();
}

}  // namespace

std::vector<VideoFile> list_videos(const std::vector<std::string>& sources, int64_t max_member_mib,
                                   ProgressSink& progress) {
  require_once(sources);
  progress.begin("listing videos", 0, "videos");
  std::vector<VideoFile> videos;
  for (data::SourceItem& item : list_all(sources, max_member_mib, progress)) {
    VideoFile video{std::move(item.id), std::move(item.place), 0, 0, std::move(item.problem)};
    const bool is_same_shard = !videos.empty() && videos.back().place.path == video.place.path;
    if (is_same_shard) {
      video.bytes = videos.back().bytes;
      video.modified_ns = videos.back().modified_ns;
    } else {
      stat_file(video);
    }
    videos.push_back(std::move(video));
  }
  std::sort(videos.begin(), videos.end(),
            [](const VideoFile& a, const VideoFile& b) { return a.id < b.id; });
  progress.end();
  require(
      !videos.empty(),
      "sources: no videos are listed; expected folders, lists or ZIP shards of files that end in "
      ".mp4, .mkv, .webm, .avi, .mov or .wmv");
  return videos;
}

}  // namespace sana::filter
