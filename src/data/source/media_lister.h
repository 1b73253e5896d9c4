// Clips and images of folders and shards, with their captions. Nothing outside this folder needs
// it.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "data/source/manifest.h"
#include "data/source/sidecar.h"

namespace sana::data {

inline constexpr const char* kKnownTypes = ".avi .jpeg .jpg .mkv .mov .mp4 .png .webm .wmv";

class MediaLister {
 public:
  // Names of the caption files that list_sources describes.
  explicit MediaLister(const std::vector<std::string>& captions);

  // All files below it, shards included. Throws UserError when it cannot be listed.
  void add_folder(const std::filesystem::path& folder);
  // What is in a shard, its ids beginning with "<id>/"; one item with a problem when it cannot be
  // read.
  void add_shard(const std::filesystem::path& shard, const std::string& id);

  std::vector<SourceItem> take() { return std::move(items_); }

 private:
  void add_members(const std::filesystem::path& shard, const std::string& id);
  // A clip or image whose part and kind are known.
  void add_media(SourceItem item);

  SidecarReader sidecars_;
  std::vector<std::string> caption_sources_;  // the first that a clip has is taken
  std::vector<SourceItem> items_;
};

}  // namespace sana::data
