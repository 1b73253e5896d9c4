#include "media/bytes/shard_name.h"

#include <initializer_list>

#include "core/text.h"

namespace sana::media {
namespace fs = std::filesystem;
namespace {

// The first of these with which the name ends, as it is written there; empty: none.
std::string ending_of(const fs::path& path, std::initializer_list<const char*> endings) {
  const std::string written = path.filename().string();
  const std::string name = lower_case(written);
  for (const std::string ending : endings) {
    if (name.ends_with(ending)) return written.substr(written.size() - ending.size());
  }
  return "";
}

std::string shard_ending(const fs::path& path) {
  return ending_of(path, {".tar.gz", ".tgz", ".tar", ".zip"});
}

}  // namespace

bool is_shard(const fs::path& path) { return !shard_ending(path).empty(); }

fs::path shard_stem(const fs::path& shard) {
  const std::string name = shard.string();
  return name.substr(0, name.size() - shard_ending(shard).size());
}

std::string foreign_archive_ending(const fs::path& path) {
  return ending_of(path, {".tar.bz2", ".tar.xz",  ".tar.zst", ".tar.lz4", ".tar.lzma", ".tar.lz",
                          ".tar.br",  ".tar.z",   ".tbz2",    ".tbz",     ".txz",      ".tzst",
                          ".tlz",     ".7z",      ".rar",     ".cab",     ".lha",      ".lzh",
                          ".7z.001",  ".zip.001", ".z01",     ".cpio",    ".iso",      ".ar"});
}

}  // namespace sana::media
