// Shards of clips: ZIP archives (<key>.mp4 + <key>.json) and tar archives (WebDataset), read
// through libarchive without unpacking them to disk. Only in builds with libarchive.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/error.h"

namespace sana::media {

// An archive that is missing or damaged; names it.
class UnreadableShard : public UserError {
 public:
  using UserError::UserError;
};

struct ShardEntry {
  std::string name;   // inside the archive, with '/'
  int64_t bytes = 0;  // unpacked
  // Where its header begins in a zip or an uncompressed tar; -1: not known.
  int64_t position = -1;
};

// Whether the name ends as that of an archive: .zip, .tar, .tar.gz, .tgz.
bool is_shard(const std::filesystem::path& path);
// Its path without that ending, with which the names of files beside it begin.
std::filesystem::path shard_stem(const std::filesystem::path& shard);

// The files of an archive in its own order; folders and links are left out. Throws UnreadableShard.
std::vector<ShardEntry> list_shard(const std::filesystem::path& archive);

// Bytes of the files for whose names `wanted` is true, handed out one by one in the archive's
// order. Throws UnreadableShard.
void read_shard(const std::filesystem::path& archive,
                const std::function<bool(const std::string& name)>& wanted,
                const std::function<void(const std::string& name, std::string bytes)>& take);

// Bytes of one file. With its `position` what stands before it is not looked at, so that reading
// all files of a tar takes one pass and not one for each; when another file stands there by now, it
// is searched by its name. Throws UnusableClip when it is not there or its part of the archive is
// damaged. Thread-safe.
std::string read_shard_entry(const std::filesystem::path& archive, const std::string& name,
                             int64_t position = -1);

}  // namespace sana::media
