// Videos and images of folders, shards and lists, for every command that is given some.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/progress.h"
#include "data/source/sidecar.h"
#include "data/source/source_item.h"

namespace sana::data {

// What the lines of a list are.
enum class ListLines {
  kClips,  // manifest_line.h: each a clip with its caption
  kFiles,  // paths, or JSON objects with `path`: each a video, or a shard that is opened
};

struct ListOptions {
  std::string key = "source";  // of the configuration, for messages
  bool images = true;          // beside videos
  ListLines lines = ListLines::kClips;
  // Captions are read (nothing: they are not looked for), also from files of these names, as
  // sidecar.h has it. A caption without a clip is an item with a problem.
  std::optional<std::vector<std::string>> captions = std::vector<std::string>{};
  // A shard that is damaged or empty, and two clips of one name, are items with a problem. Else a
  // damaged shard is an error, an empty one is nothing, and both of two clips are listed.
  bool lists_problems = true;
  // Members of shards whose name, or a folder's above them, begins with a dot. In folders they are
  // always left out.
  bool hidden_members = false;
};

class MediaLister {
 public:
  // `progress` advances with each item; null: it is not told.
  explicit MediaLister(ListOptions options, ProgressSink* progress = nullptr);

  // Lists a folder with its sub-folders and the shards in them, one shard, or a list; with kFiles
  // also one video. Ids begin with `prefix`. A file that a list names and that is not there is
  // listed all the same: reading it gives the reason.
  //
  // Throws UserError when the source is missing or cannot be read, a line of a list is not what it
  // should be, a caption file that is asked for is no JSON, or (without lists_problems) a shard is
  // damaged; EnvironmentError when there are shards and this build reads none.
  void add_source(const std::filesystem::path& source, const std::string& prefix = "");

  // Everything that was added, in the order of listing.
  std::vector<SourceItem> take() { return std::move(items_); }

 private:
  void add_folder(const std::filesystem::path& folder, const std::string& prefix);
  // Ids of members begin with "<id>/".
  void add_shard(const std::filesystem::path& shard, const std::string& id);
  void add_members(const std::filesystem::path& shard, const std::string& id);
  void add_clip_list(const std::filesystem::path& list, const std::string& prefix);
  void add_file_list(const std::filesystem::path& list, const std::string& prefix);

  // What the name says, where it is wanted.
  std::optional<MediaKind> wanted_kind(const std::filesystem::path& name) const;
  // A clip or image with its caption.
  void add_media(SourceItem item);
  void add(SourceItem item);
  void add_problem(const std::string& id, Place place, const media::UnusedClip& problem);

  ListOptions options_;
  ProgressSink* progress_;
  SidecarReader sidecars_;
  std::vector<std::string> caption_sources_;  // the first that a clip has is taken
  std::vector<SourceItem> items_;
};

}  // namespace sana::data
