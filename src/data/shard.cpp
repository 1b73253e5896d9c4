#include "data/shard.h"

#include <algorithm>
#include <cctype>
#include <memory>

#include "core/build_config.h"
#include "core/error.h"
#include "data/unusable.h"

#if SANA_HAS_ARCHIVES
#include <archive.h>
#include <archive_entry.h>
#endif

namespace sana::data {
namespace fs = std::filesystem;

bool is_shard(const fs::path& path) {
  std::string name = path.filename().string();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return char(std::tolower(c)); });
  return name.ends_with(".zip") || name.ends_with(".tar") || name.ends_with(".tar.gz") ||
         name.ends_with(".tgz");
}

#if SANA_HAS_ARCHIVES
namespace {

constexpr size_t kBlockBytes = 256 << 10;
// A clip of this size is no clip; a damaged header may say anything.
constexpr int64_t kMaxEntryBytes = int64_t(8) << 30;

class Reader {
 public:
  explicit Reader(const fs::path& path) : path_(path), archive_(archive_read_new()) {
    archive_read_support_format_zip(archive_.get());
    archive_read_support_format_tar(archive_.get());
    archive_read_support_filter_gzip(archive_.get());
    check(archive_read_open_filename(archive_.get(), path.c_str(), kBlockBytes));
  }

  // The next file, or null at the end.
  archive_entry* next() {
    while (true) {
      archive_entry* entry = nullptr;
      const int status = archive_read_next_header(archive_.get(), &entry);
      if (status == ARCHIVE_EOF) return nullptr;
      check(status);
      const char* name = archive_entry_pathname(entry);
      if (name != nullptr && archive_entry_filetype(entry) == AE_IFREG) return entry;
    }
  }

  // Data of the present file, in as many bytes as there really are.
  std::string read() {
    std::string bytes;
    const void* block = nullptr;
    size_t count = 0;
    la_int64_t offset = 0;
    while (true) {
      const int status = archive_read_data_block(archive_.get(), &block, &count, &offset);
      if (status == ARCHIVE_EOF) return bytes;
      check(status);
      require(offset >= 0 && offset + int64_t(count) <= kMaxEntryBytes,
              "{}: damaged: an entry says that it has more than 8 GiB", path_.string());
      if (size_t(offset) > bytes.size()) bytes.resize(size_t(offset));  // a hole of a sparse file
      bytes.append(static_cast<const char*>(block), count);
    }
  }

 private:
  struct Close {
    void operator()(archive* open) const { archive_read_free(open); }
  };

  void check(int status) const {
    if (status == ARCHIVE_OK || status == ARCHIVE_WARN) return;
    const char* text = archive_error_string(archive_.get());
    throw UserError(fmt::format("{}: cannot be read as an archive: {}. Copy it again.",
                                path_.string(), text == nullptr ? "it is damaged" : text));
  }

  fs::path path_;
  std::unique_ptr<archive, Close> archive_;
};

}  // namespace

std::vector<ShardEntry> list_shard(const fs::path& archive) {
  std::vector<ShardEntry> entries;
  Reader reader(archive);
  while (archive_entry* entry = reader.next()) {
    entries.push_back({archive_entry_pathname(entry), archive_entry_size(entry)});
  }
  return entries;
}

void read_shard(const fs::path& archive, const std::function<bool(const std::string&)>& wanted,
                const std::function<void(const std::string&, std::string)>& take) {
  Reader reader(archive);
  while (archive_entry* entry = reader.next()) {
    const std::string name = archive_entry_pathname(entry);
    if (wanted(name)) take(name, reader.read());
  }
}

std::string read_shard_entry(const fs::path& archive, const std::string& name) {
  try {
    Reader reader(archive);
    while (archive_entry* entry = reader.next()) {
      if (archive_entry_pathname(entry) == name) return reader.read();
    }
  } catch (const UserError& error) {
    throw UnusableClip("damaged shard", error.what(), "copy the shard again");
  }
  throw UnusableClip("missing", "it is no longer in " + archive.string(), "list the shard again");
}

#else
namespace {
[[noreturn]] void throw_no_archives() {
  throw EnvironmentError(
      "this build of sana-video reads no ZIP or tar shards: it was configured without libarchive. "
      "Install libarchive-dev and configure again, or unpack them.");
}
}  // namespace
std::vector<ShardEntry> list_shard(const fs::path&) { throw_no_archives(); }
void read_shard(const fs::path&, const std::function<bool(const std::string&)>&,
                const std::function<void(const std::string&, std::string)>&) {
  throw_no_archives();
}
std::string read_shard_entry(const fs::path&, const std::string&) { throw_no_archives(); }
#endif

}  // namespace sana::data
