// Shards of clips: ZIP archives (<key>.mp4 + <key>.json) and tar archives (WebDataset), read
// through libarchive without unpacking them to disk. Only in builds with libarchive.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace sana::data {

struct ShardEntry {
  std::string name;   // inside the archive, with '/'
  int64_t bytes = 0;  // unpacked
};

// Whether the name ends as that of an archive: .zip, .tar, .tar.gz, .tgz.
bool is_shard(const std::filesystem::path& path);

// The files of an archive in its own order; folders and links are left out. Throws UserError when
// it cannot be read or is damaged (names it).
std::vector<ShardEntry> list_shard(const std::filesystem::path& archive);

// Bytes of the files for whose names `wanted` is true, handed out one by one in the archive's
// order. Throws UserError as list_shard does.
void read_shard(const std::filesystem::path& archive,
                const std::function<bool(const std::string& name)>& wanted,
                const std::function<void(const std::string& name, std::string bytes)>& take);

// Bytes of one file. Throws UnusableClip when it is not there or its part of the archive is
// damaged.
std::string read_shard_entry(const std::filesystem::path& archive, const std::string& name);

}  // namespace sana::data
