// Shards of clips: ZIP archives (<key>.mp4 + <key>.json) and tar archives (WebDataset), read
// through libarchive without unpacking them to disk. Only in builds with libarchive.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "media/bytes/shard_name.h"
#include "media/unusable.h"

namespace sana::media {

// An archive of which nothing can be read; names it.
class UnreadableShard : public UserError {
 public:
  using UserError::UserError;
};

struct ShardEntry {
  std::string name;    // as it stands in the archive, with '/'; its bytes may be no UTF-8
  int64_t bytes = -1;  // unpacked; -1: not known
  // Where its header begins in a zip or an uncompressed tar; -1: not known.
  int64_t position = -1;
  // Why its bytes cannot be had (links, devices, holes, encrypted, too large, a name that leads
  // out); without id.
  std::optional<UnusedClip> problem;
};

struct ShardListing {
  // The files of an archive in its own order, and what stands for one: links, devices. No folders.
  std::vector<ShardEntry> entries;
  // Why there may be more behind the last one; without id.
  std::optional<UnusedClip> problem;
};

// No member of a file of so many bytes is unpacked to more, whatever its header says: 64 MiB, or 32
// times the file, which no video, picture or text comes near.
int64_t most_unpacked_bytes(int64_t packed_bytes);
// The problem of a member of `bytes` in so many packed ones; nothing when it is small enough.
std::optional<UnusedClip> too_large(int64_t bytes, int64_t packed_bytes);

// `max_bytes`: a member with more is unusable. Stops early, with a problem, where the archive is
// damaged, and in a compressed tar behind a member that is too large, or where 64 MiB and 16 times
// its size are unpacked. Throws UnreadableShard when it is no archive at all, Stopped when a signal
// has asked to stop.
ShardListing list_shard(const std::filesystem::path& archive,
                        int64_t max_bytes = std::numeric_limits<int64_t>::max());

// Hands out the files for whose names `wanted` is true one by one, in the archive's order: their
// bytes, or, with none, an entry with a problem, also when there are more than `max_bytes`. Ends
// where the archive is damaged. Throws UnreadableShard when it is no archive at all, Stopped.
void read_shard(const std::filesystem::path& archive, int64_t max_bytes,
                const std::function<bool(const std::string& name)>& wanted,
                const std::function<void(const ShardEntry& entry, std::string bytes)>& take);

// Bytes of one file. With its `position` what stands before it is not looked at, so that reading
// all files of a tar takes one pass and not one for each; when another file stands there by now, it
// is searched by its name. Throws UnusableClip when it is not there, has a problem or its part of
// the archive is damaged. Thread-safe.
std::string read_shard_entry(const std::filesystem::path& archive, const std::string& name,
                             int64_t position = -1);

}  // namespace sana::media
