// Captions and scores that other programs have left beside the videos.
//
//   a.mp4       -> a.txt (caption source "txt"), a.json ("prompt" and other texts and numbers)
//   shard.zip   -> shard_<name>.json, the public layout: {"<key>": value} for the entry <key>.mp4,
//   and
//                  <key>.json inside the shard
//   folder/     -> folder/_<name>.json for the videos of that folder, in the same layout
#pragma once
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "filter/video_record.h"

namespace sana::filter {

struct Sidecar {
  std::map<std::string, std::string> captions;  // by source: "txt", "prompt", "_Qwen2_5-VL"
  std::map<std::string, double> scores;         // by name: "_unimatch"
};

// The value of a sidecar file under a key: a number or text itself, or the field of an object that
// is called like the file's <name> with or without its underscore, or its only one of that kind.
// Null when there is none.
nlohmann::json sidecar_value(const nlohmann::json& entry, const std::string& name, bool is_text);

// Reads the sidecars of videos in their order, keeping only the files of the present shard or
// folder in memory.
class SidecarReader {
 public:
  // Names as in the public layout, with their underscore: "_unimatch".
  SidecarReader(std::vector<std::string> score_names, std::vector<std::string> caption_names);

  // Throws UserError when a sidecar file is not JSON (names it).
  Sidecar read(const VideoPlace& place);

 private:
  using Files = std::map<std::string, nlohmann::json>;  // by <name>

  void open_shard(const std::string& shard);
  void open_folder(const std::filesystem::path& folder);
  Files read_files(const std::string& stem) const;
  void take_values(const std::string& key, Sidecar& sidecar) const;

  std::vector<std::string> score_names_, caption_names_;
  std::string present_;  // shard or folder whose files are open
  Files files_;
  std::map<std::string, nlohmann::json> entries_;  // <key>.json inside the shard
};

}  // namespace sana::filter
