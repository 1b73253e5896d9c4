#include "media/bytes/shard.h"

#include <algorithm>
#include <utility>

#include "core/build_config.h"
#include "core/signals.h"
#include "core/text.h"

#if SANA_HAS_ARCHIVES
#include "media/bytes/archive_reader.h"
#include "media/bytes/byte_source.h"
#include "media/bytes/zip_index.h"
#endif

namespace sana::media {
namespace fs = std::filesystem;
namespace {

// What a packed file may become: media hardly shrink, text and raw pictures to a tenth.
constexpr int64_t kAlwaysBytes = int64_t(64) << 20;
constexpr int64_t kMostRatio = 32;

}  // namespace

int64_t most_unpacked_bytes(int64_t packed_bytes) {
  const int64_t most = std::numeric_limits<int64_t>::max() / kMostRatio;
  return std::max(kAlwaysBytes, kMostRatio * std::min(packed_bytes, most));
}

std::optional<UnusedClip> too_large(int64_t bytes, int64_t packed_bytes) {
  if (bytes <= most_unpacked_bytes(packed_bytes)) return std::nullopt;
  return UnusedClip{
      "", "too large",
      fmt::format("{} bytes packed into {}: no clip shrinks so much", bytes, packed_bytes),
      "unpack it, or pack it again without compression (zip -0)"};
}

#if SANA_HAS_ARCHIVES
namespace {

// A compressed tar whose contents are so many times its own size holds little but air.
constexpr int64_t kMostTarRatio = 16;

UnusedClip above_limit(int64_t bytes, int64_t max_bytes) {
  return {"", "too large",
          fmt::format("it has {} bytes, more than {} are not read into memory", bytes, max_bytes),
          "unpack the shard, or raise max_member_mib"};
}

// What stands in a compressed tar behind such an entry can only be reached through it.
UnusedClip not_read_on(const ShardEntry& entry, const std::string& why) {
  return {"", "shard not read to its end",
          fmt::format("up to '{}', since {}", valid_utf8(entry.name), why), kRepack};
}

UnusedClip damaged(const std::string& detail) {
  return {"", "damaged shard", valid_utf8(detail), "copy the shard again"};
}

bool expands_too_much(const ArchiveReader& reader) {
  if (!reader.is_compressed_tar()) return false;
  const int64_t most = std::numeric_limits<int64_t>::max() / kMostTarRatio;
  return reader.unpacked_bytes() >
         std::max(kAlwaysBytes, kMostTarRatio * std::min(reader.file_bytes(), most));
}

// What only the directory of a zip knows.
void add_zip_facts(const fs::path& zip, std::vector<ShardEntry>& entries) {
  const auto members = zip_members(*open_bytes(zip));
  for (ShardEntry& entry : entries) {
    const auto found = members.find(entry.name);
    if (found == members.end()) continue;
    entry.position = found->second.position;
    if (!entry.problem) entry.problem = too_large(entry.bytes, found->second.packed_bytes);
  }
}

// Calls visit(entry) for each until it is false. True when all of the archive was seen; else
// `damage` says why not, unless visit() stopped it. Throws UnreadableShard before the first.
template <class Visit>
bool visit_entries(ArchiveReader& reader, std::string& damage, const Visit& visit) {
  bool is_first = true;
  while (true) {
    throw_if_stopped();
    std::optional<ShardEntry> entry;
    try {
      entry = reader.next();
    } catch (const UnreadableShard& error) {
      if (is_first) throw;
      damage = error.what();
      return false;
    }
    if (!entry) return true;
    is_first = false;
    if (!visit(*std::move(entry))) return false;
  }
}

// Nothing when another file stands there by now, or it is damaged: the search from the beginning
// says what is wrong.
std::optional<std::string> read_at(const fs::path& archive, const std::string& name,
                                   int64_t position) {
  try {
    ArchiveReader reader(archive, position);
    const auto entry = reader.next();
    if (entry && entry->name == name) return reader.read();
  } catch (const UnreadableShard&) {
  } catch (const UnusableClip&) {
  }
  return std::nullopt;
}

}  // namespace

ShardListing list_shard(const fs::path& archive, int64_t max_bytes) {
  ShardListing listing;
  ArchiveReader reader(archive);
  std::string damage;
  visit_entries(reader, damage, [&](ShardEntry entry) {
    if (!entry.problem && entry.bytes > max_bytes) {
      entry.problem = above_limit(entry.bytes, max_bytes);
    }
    const bool is_end = reader.is_compressed_tar() &&
                        (too_large(entry.bytes, reader.file_bytes()) || entry.bytes > max_bytes);
    listing.entries.push_back(std::move(entry));
    if (is_end) {
      listing.problem = not_read_on(listing.entries.back(), "that is too large to be read past");
    } else if (expands_too_much(reader)) {
      listing.problem =
          not_read_on(listing.entries.back(),
                      fmt::format("it unpacks to more than {} times its size", kMostTarRatio));
    }
    return !listing.problem.has_value();
  });
  if (!damage.empty()) listing.problem = damaged(damage);
  if (reader.is_zip()) add_zip_facts(archive, listing.entries);
  return listing;
}

void read_shard(const fs::path& archive, int64_t max_bytes,
                const std::function<bool(const std::string&)>& wanted,
                const std::function<void(const ShardEntry&, std::string)>& take) {
  ArchiveReader reader(archive);
  std::string damage;
  visit_entries(reader, damage, [&](ShardEntry entry) {
    const bool is_end =
        reader.is_compressed_tar() && too_large(entry.bytes, reader.file_bytes()).has_value();
    if (wanted(entry.name)) {
      std::string bytes;
      if (!entry.problem && entry.bytes > max_bytes) {
        entry.problem = {
            "", "too large",
            fmt::format("it has {} bytes, expected at most {}", entry.bytes, max_bytes),
            "shorten it"};
      }
      try {
        if (!entry.problem) bytes = reader.read();
      } catch (const UnusableClip& problem) {
        entry.problem = problem.record("");
      }
      take(entry, std::move(bytes));
    }
    return !is_end && !expands_too_much(reader);
  });
}

std::string read_shard_entry(const fs::path& archive, const std::string& name, int64_t position) {
  if (position >= 0) {
    if (auto bytes = read_at(archive, name, position)) return *std::move(bytes);
  }
  try {
    ArchiveReader reader(archive);
    while (const auto entry = reader.next()) {
      if (entry->name == name) return reader.read();
      if (expands_too_much(reader)) break;
    }
  } catch (const UnreadableShard& error) {
    throw UnusableClip("damaged shard", valid_utf8(error.what()), "copy the shard again");
  }
  throw UnusableClip("missing", "it is no longer in " + valid_utf8(archive.string()),
                     "list the shard again");
}

#else
namespace {
[[noreturn]] void throw_no_archives() {
  throw EnvironmentError(
      "this build of sana-video reads no ZIP or tar shards: it was configured without libarchive. "
      "Install libarchive-dev and configure again, or unpack them.");
}
}  // namespace
ShardListing list_shard(const fs::path&, int64_t) { throw_no_archives(); }
void read_shard(const fs::path&, int64_t, const std::function<bool(const std::string&)>&,
                const std::function<void(const ShardEntry&, std::string)>&) {
  throw_no_archives();
}
std::string read_shard_entry(const fs::path&, const std::string&, int64_t) { throw_no_archives(); }
#endif

}  // namespace sana::media
