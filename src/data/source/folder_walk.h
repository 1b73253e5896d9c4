// What lies below a folder. Nothing outside this folder needs it.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "media/unusable.h"

namespace sana::data {

// Names that begin with a dot, and what macOS packs beside files; "." and ".." are ways and not
// names.
bool is_hidden(const std::filesystem::path& relative);

struct FolderListing {
  // Relative to the folder, without hidden entries; folder by folder, so that the caption files of
  // each are read once.
  std::vector<std::filesystem::path> files;
  // Entries that cannot be looked at, each for itself: sub-folders that cannot be listed, links
  // that lead nowhere or back to a folder above, and what is called like a clip and is no file.
  std::vector<std::pair<std::filesystem::path, media::UnusedClip>> problems;
};

// `key`: of the configuration, for messages. Throws UserError when the folder itself cannot be
// listed, Stopped.
FolderListing walk_folder(const std::filesystem::path& folder, const std::string& key);

}  // namespace sana::data
