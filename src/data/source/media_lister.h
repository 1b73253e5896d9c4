// Videos and images of folders, shards and lists, for every command that is given some.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
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

inline constexpr int64_t kMaxMemberMib = 4096;
inline constexpr const char* kMaxMemberHelp =
    "A clip in a shard (.zip, .tar) that has more MiB unpacked is not used: it would be read into "
    "memory whole.";

struct ListOptions {
  std::string key = "source";  // of the configuration, for messages
  bool images = true;          // beside videos
  ListLines lines = ListLines::kClips;
  // Captions are read (nothing: they are not looked for), also from files of these names, as
  // sidecar.h has it. A caption without a clip is an item with a problem.
  std::optional<std::vector<std::string>> captions = std::vector<std::string>{};
  // A member of a shard with more is an item with a problem, since it would be read into memory.
  int64_t max_member_mib = kMaxMemberMib;
};

class MediaLister {
 public:
  // `progress` advances with each item; null: it is not told.
  explicit MediaLister(ListOptions options, ProgressSink* progress = nullptr);

  // Lists a folder with its sub-folders and the shards in them, one shard, one clip, or a list. Ids
  // begin with `prefix` (text); each is given once. A file that a list names and that is not there
  // is listed all the same: reading it gives the reason. Whatever cannot be used is an item with a
  // problem, which stops nothing: damaged shards, what is behind their damage, members that cannot
  // be read, entries of folders that cannot be looked at, types that are not taken, archives that
  // are not read, clips named twice, captions that are no text or of no clip.
  //
  // Throws UserError when the source is missing or cannot be read, is an archive of a kind that is
  // not read, a line of a list is not what it should be, or a caption file that is asked for is no
  // JSON; EnvironmentError when there are shards and this build reads none; Stopped.
  void add_source(const std::filesystem::path& source, const std::string& prefix = "");

  // Everything that was added, in the order of listing.
  std::vector<SourceItem> take() { return std::move(items_); }

 private:
  void add_folder(const std::filesystem::path& folder, const std::string& prefix);
  // Files of a folder, or members of a shard, that no clip claims: `stems` are those of clips.
  void add_unclaimed(const std::string& id, Place place, const std::set<std::string>& stems,
                     const std::string& stem);
  // Ids of members begin with "<id>/".
  void add_shard(const std::filesystem::path& shard, const std::string& id);
  void add_members(const std::filesystem::path& shard, const std::string& id);
  void add_clip_list(const std::filesystem::path& list, const std::string& prefix);
  void add_file_list(const std::filesystem::path& list, const std::string& prefix);

  // What the name says, where it is wanted.
  std::optional<MediaKind> wanted_kind(const std::filesystem::path& name) const;
  // A clip or image with its caption.
  void add_media(SourceItem item);
  void add_foreign_archive(const std::string& id, const std::filesystem::path& archive);
  // What is told of a second item of an id, which gets one of its own with the suffix.
  struct Twice {
    std::string detail = "the source has several clips of this name";
    std::string remedy = "give each a name of its own";
    std::string suffix;  // empty: "(number 2)"
  };
  void add(SourceItem item) { add(std::move(item), {}); }
  void add(SourceItem item, const Twice& twice);
  void add_problem(const std::string& id, Place place, const media::UnusedClip& problem,
                   MediaKind kind = MediaKind::kVideo);

  ListOptions options_;
  ProgressSink* progress_;
  SidecarReader sidecars_;
  std::vector<std::string> caption_sources_;  // the first that a clip has is taken
  std::vector<SourceItem> items_;
  std::map<std::string, int64_t> ids_;  // how often each was given
};

}  // namespace sana::data
