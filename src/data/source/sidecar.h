// Captions and scores that other programs have left beside clips or in their shards.
//
//   a.mp4       -> a.txt (caption source "txt"); "prompt", "caption" or "text" of a.json ("prompt")
//   shard.zip   -> <key>.txt and <key>.json inside the shard, read in the same way;
//                  shard_<name>.json beside it, the public layout: {"<key>": value} for <key>.mp4
//   folder/     -> folder/_<name>.json for the clips of that folder, in the same layout
//
// The key of dir/0001.seg.mp4 in a shard is dir/0001.seg, or else dir/0001, as WebDataset has it.
#pragma once
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
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

// Reads the sidecars of clips in their order, keeping only the files of the present shard or
// folder in memory.
class SidecarReader {
 public:
  // Names as in the public layout, with their underscore: "_unimatch".
  SidecarReader(std::vector<std::string> score_names, std::vector<std::string> caption_names);

  // Of a file, or of a member of a shard. Throws UserError when a file called by one of the names
  // is not JSON (names it), or the shard is damaged.
  Sidecar read(const std::filesystem::path& path, const std::string& member = "");

 private:
  using Files = std::map<std::string, nlohmann::json>;  // by <name>

  void open_shard(const std::filesystem::path& shard);
  void open_folder(const std::filesystem::path& folder);
  Files read_files(const std::string& stem) const;
  void read_member(const std::string& member, Sidecar& sidecar) const;
  // A member of the present shard, for messages.
  std::string named(const std::string& member) const;
  void read_beside(const std::filesystem::path& path, Sidecar& sidecar) const;
  void take_values(const std::vector<std::string>& keys, Sidecar& sidecar) const;

  std::vector<std::string> score_names_, caption_names_;
  std::string present_;  // shard or folder whose files are open
  Files files_;
  std::map<std::string, std::string> entries_;  // <key>.txt and <key>.json inside the shard
};

}  // namespace sana::data
