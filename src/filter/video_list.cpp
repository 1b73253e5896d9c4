#include "filter/video_list.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "data/source/manifest.h"
#include "media/bytes/shard.h"

namespace sana::filter {
namespace fs = std::filesystem;
namespace {

bool is_video(const fs::path& path) { return data::media_kind(path) == data::MediaKind::kVideo; }

// Size and time of the last change; zeros when there is no such file.
void stat_file(VideoFile& file) {
  struct stat status {};
  if (::stat(file.place.path.c_str(), &status) != 0) return;
  file.bytes = status.st_size;
  file.modified_ns = int64_t(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec;
}

class Lister {
 public:
  explicit Lister(ProgressSink& progress) : progress_(progress) {}

  void add_source(const fs::path& source, const std::string& prefix) {
    require(fs::exists(source), "sources: {} does not exist", source.string());
    if (fs::is_directory(source)) {
      add_folder(source, prefix);
    } else if (media::is_shard(source)) {
      add_shard(source, prefix + source.filename().string());
    } else if (is_video(source)) {
      add_file(source, prefix + source.filename().string());
    } else {
      add_list(source, prefix);
    }
  }

  std::vector<VideoFile> sorted() {
    std::sort(videos_.begin(), videos_.end(),
              [](const VideoFile& a, const VideoFile& b) { return a.id < b.id; });
    const auto twice =
        std::adjacent_find(videos_.begin(), videos_.end(),
                           [](const VideoFile& a, const VideoFile& b) { return a.id == b.id; });
    if (twice != videos_.end()) {
      throw UserError(fmt::format("sources: '{}' is listed twice ({} and {}); name each video once",
                                  twice->id, twice->place.path.string(),
                                  (twice + 1)->place.path.string()));
    }
    return std::move(videos_);
  }

 private:
  void add_file(const fs::path& path, const std::string& id) {
    VideoFile file{id, data::Place::whole(path), 0, 0};
    stat_file(file);
    videos_.push_back(std::move(file));
    progress_.advance();
  }

  void add_shard(const fs::path& path, const std::string& id) {
    VideoFile shard{"", data::Place::whole(path), 0, 0};
    stat_file(shard);
    for (const media::ShardEntry& entry : media::list_shard(path)) {
      if (!is_video(entry.name)) continue;
      shard.id = id + "/" + entry.name;
      shard.place.member = entry.name;
      shard.place.position = entry.position;
      videos_.push_back(shard);
      progress_.advance();
    }
  }

  void add_any(const fs::path& path, const std::string& id) {
    if (media::is_shard(path)) {
      add_shard(path, id);
    } else {
      add_file(path, id);
    }
  }

  void add_folder(const fs::path& folder, const std::string& prefix) {
    std::error_code error;
    fs::recursive_directory_iterator it(folder, fs::directory_options::follow_directory_symlink,
                                        error);
    for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
      const fs::path& path = it->path();
      if (path.filename().native().starts_with(".")) {
        if (it->is_directory()) it.disable_recursion_pending();
        continue;
      }
      if (it->is_regular_file() && (is_video(path) || media::is_shard(path))) {
        add_any(path, prefix + path.lexically_relative(folder).generic_string());
      }
    }
    require(!error, "sources: {} cannot be listed: {}", folder.string(), error.message());
  }

  void add_list(const fs::path& list, const std::string& prefix) {
    std::ifstream file(list);
    require(file.good(), "sources: {} cannot be read", list.string());
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
      const std::string listed = path_in(line, list, number);
      if (!listed.empty()) add_any(list.parent_path() / listed, prefix + listed);
    }
  }

  // "" for an empty line.
  static std::string path_in(std::string line, const fs::path& list, int number) {
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.starts_with("{")) return line;
    const auto entry = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    require(entry.is_object() && entry.contains("path") && entry["path"].is_string(),
            "sources: {}:{}: expected a path, or a JSON object with 'path'", list.string(), number);
    return entry["path"].get<std::string>();
  }

  ProgressSink& progress_;
  std::vector<VideoFile> videos_;
};

}  // namespace

std::vector<VideoFile> list_videos(const std::vector<std::string>& sources,
                                   ProgressSink& progress) {
  progress.begin("listing videos", 0, "videos");
  Lister lister(progress);
  for (const std::string& source : sources) {
    const fs::path path = fs::path(source).lexically_normal();
    const fs::path named = path.has_filename() ? path : path.parent_path();
    lister.add_source(path, sources.size() > 1 ? named.filename().string() + "/" : "");
  }
  auto videos = lister.sorted();
  progress.end();
  require(
      !videos.empty(),
      "sources: no videos are listed; expected folders, lists or ZIP shards of files that end in "
      ".mp4, .mkv, .webm, .avi, .mov or .wmv");
  return videos;
}

}  // namespace sana::filter
