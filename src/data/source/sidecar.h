// Captions and scores that other programs have left beside clips or in their shards.
//
//   a.mp4       -> a.txt (caption source "txt"); "prompt", "caption" or "text" of a.json ("prompt")
//   shard.zip   -> <key>.txt and <key>.json inside the shard, read in the same way;
//                  shard_<name>.json beside it, the public layout: {"<key>": value} for <key>.mp4
//   folder/     -> folder/_<name>.json for the clips of that folder, in the same layout
//
// The key of dir/0001.seg.mp4 in a shard is dir/0001.seg, or else dir/0001, as WebDataset has it.
// Endings count in any case; of several the one in small letters is taken. A .txt may have 1 MiB, a
// .json of one clip 16 MiB, its caption 1 MiB.
#pragma once
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace sana::data {

struct Sidecar {
  std::map<std::string, std::string> captions;  // by source: "txt", "prompt", "_Qwen2_5-VL"
  std::map<std::string, double> scores;         // by name: "_unimatch"
  std::string problem;                          // of the clip's own files: which and why
};

// The value of a sidecar file under a key: a number or text itself, or the field of an object that
// is called like the file's <name> with or without its underscore, or its only one of that kind.
// Null when there is none.
nlohmann::json sidecar_value(const nlohmann::json& entry, const std::string& name, bool is_text);

// The keys of a member of a shard, the likelier first: without the last ending of its name, and
// without all endings.
std::vector<std::string> keys_in_shard(const std::string& member);

// Reads the sidecars of clips, keeping the files of the last few shards and folders in memory.
class SidecarReader {
 public:
  // Names as in the public layout, with their underscore: "_unimatch".
  SidecarReader(std::vector<std::string> score_names, std::vector<std::string> caption_names);

  // Of a file, or of a member of a shard. Throws UserError when a file called by one of the names
  // is not JSON (names it), or the shard is no archive; Stopped.
  Sidecar read(const std::filesystem::path& path, const std::string& member = "");

 private:
  using Files = std::map<std::string, nlohmann::json>;  // by <name>

  // The text of a clip's own file.
  struct OwnText {
    std::string name;                    // of the file, as it is written
    std::optional<std::string> caption;  // of shards; files of folders are read when asked for
    std::string problem;
  };
  // What lies in a folder or shard, and the files that are called by one of the names.
  struct Group {
    std::string path;
    Files files;
    std::map<std::string, OwnText> texts, jsons;  // by key; of a folder by stem
  };

  // The group of that path, opened by open(group) unless it is there.
  template <class Open>
  const Group& group_of(const std::filesystem::path& path, const Open& open);
  void open_shard(Group& group) const;
  void open_folder(Group& group) const;
  Files read_files(const std::string& stem) const;
  void read_member(const Group& shard, const std::string& member, Sidecar& sidecar) const;
  void read_beside(const Group& folder, const std::filesystem::path& path, Sidecar& sidecar) const;
  void take_values(const Group& group, const std::vector<std::string>& keys,
                   Sidecar& sidecar) const;

  std::vector<std::string> score_names_, caption_names_;
  std::vector<Group> groups_;  // the last one used is the first
};

}  // namespace sana::data
