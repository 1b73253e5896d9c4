#include "media/bytes/shard.h"

#include <fcntl.h>
#include <locale.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>

#include "core/build_config.h"
#include "core/error.h"
#include "media/bytes/byte_source.h"
#include "media/bytes/zip_index.h"
#include "media/unusable.h"

#if SANA_HAS_ARCHIVES
#include <archive.h>
#include <archive_entry.h>
#endif

namespace sana::media {
namespace fs = std::filesystem;

namespace {

// The ending of a shard's name as it is written there; empty: it is none.
std::string shard_ending(const fs::path& path) {
  const std::string written = path.filename().string();
  std::string name = written;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return char(std::tolower(c)); });
  for (const std::string ending : {".tar.gz", ".tgz", ".tar", ".zip"}) {
    if (name.ends_with(ending)) return written.substr(written.size() - ending.size());
  }
  return "";
}

}  // namespace

bool is_shard(const fs::path& path) { return !shard_ending(path).empty(); }

fs::path shard_stem(const fs::path& shard) {
  const std::string name = shard.string();
  return name.substr(0, name.size() - shard_ending(shard).size());
}

#if SANA_HAS_ARCHIVES
namespace {

constexpr size_t kBlockBytes = 256 << 10;
// From the beginning on a block is read for every header, what lies between them is passed over.
constexpr size_t kHeaderBlockBytes = 32 << 10;
// A clip of this size is no clip; a damaged header may say anything.
constexpr int64_t kMaxEntryBytes = int64_t(8) << 30;

// libarchive gives names in the characters of the locale, and none for those that it lacks; a
// program begins with the locale "C", which lacks most. Holds for this thread.
class Utf8Scope {
 public:
  Utf8Scope() : utf8_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t(0))) {
    if (utf8_ != locale_t(0)) before_ = ::uselocale(utf8_);
  }
  ~Utf8Scope() {
    if (utf8_ == locale_t(0)) return;
    ::uselocale(before_);
    ::freelocale(utf8_);
  }
  Utf8Scope(const Utf8Scope&) = delete;
  Utf8Scope& operator=(const Utf8Scope&) = delete;

 private:
  locale_t utf8_, before_ = locale_t(0);
};

class Reader {
 public:
  explicit Reader(const fs::path& path) : path_(path), archive_(archive_read_new()) {
    archive_read_support_format_zip(archive_.get());
    archive_read_support_format_tar(archive_.get());
    archive_read_support_filter_gzip(archive_.get());
    check(archive_read_open_filename(archive_.get(), path.c_str(), kHeaderBlockBytes));
  }
  // From the header of one of its files on.
  Reader(const fs::path& path, int64_t position)
      : path_(path),
        descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)),
        archive_(archive_read_new()) {
    if (descriptor_.number < 0 || ::lseek(descriptor_.number, position, SEEK_SET) != position) {
      throw UnreadableShard(fmt::format("{}: cannot be read", path.string()));
    }
    archive_read_support_format_zip_streamable(archive_.get());
    archive_read_support_format_tar(archive_.get());
    check(archive_read_open_fd(archive_.get(), descriptor_.number, kBlockBytes));
  }

  // The next file, or null at the end.
  archive_entry* next() {
    while (true) {
      archive_entry* entry = nullptr;
      const int status = archive_read_next_header(archive_.get(), &entry);
      if (status == ARCHIVE_EOF) return nullptr;
      check(status);
      if (archive_entry_filetype(entry) != AE_IFREG) continue;
      if (archive_entry_pathname(entry) != nullptr) return entry;
      throw UnreadableShard(
          fmt::format("{}: the name of a file in it is not UTF-8. Pack it again with other names.",
                      path_.string()));
    }
  }

  // Of the present file of a tar, as ShardEntry has it.
  int64_t position() const {
    const bool is_tar =
        (archive_format(archive_.get()) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
    const bool is_compressed = archive_filter_count(archive_.get()) > 1;  // one: the file itself
    return is_tar && !is_compressed ? archive_read_header_position(archive_.get()) : -1;
  }

  bool is_zip() const {
    return (archive_format(archive_.get()) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ZIP;
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
      // A warning here means that the checksum or the length is wrong.
      check(status == ARCHIVE_WARN ? ARCHIVE_FAILED : status);
      if (offset < 0 || offset + int64_t(count) > kMaxEntryBytes) {
        throw UnreadableShard(
            fmt::format("{}: damaged: an entry says that it has more than 8 GiB", path_.string()));
      }
      if (size_t(offset) > bytes.size()) bytes.resize(size_t(offset));  // a hole of a sparse file
      bytes.append(static_cast<const char*>(block), count);
    }
  }

 private:
  struct Close {
    void operator()(archive* open) const { archive_read_free(open); }
  };
  struct Descriptor {
    explicit Descriptor(int opened) : number(opened) {}
    ~Descriptor() {
      if (number >= 0) ::close(number);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number;
  };

  void check(int status) const {
    if (status == ARCHIVE_OK || status == ARCHIVE_WARN) return;
    const char* text = archive_error_string(archive_.get());
    throw UnreadableShard(fmt::format("{}: cannot be read as an archive: {}. Copy it again.",
                                      path_.string(), text == nullptr ? "it is damaged" : text));
  }

  Utf8Scope utf8_;
  fs::path path_;
  Descriptor descriptor_{-1};
  std::unique_ptr<archive, Close> archive_;
};

void add_zip_positions(const fs::path& zip, std::vector<ShardEntry>& entries) {
  const auto positions = zip_positions(*open_bytes(zip));
  for (ShardEntry& entry : entries) {
    const auto found = positions.find(entry.name);
    if (found != positions.end()) entry.position = found->second;
  }
}

// Nothing when another file stands there by now.
std::optional<std::string> read_at(const fs::path& archive, const std::string& name,
                                   int64_t position) {
  try {
    Reader reader(archive, position);
    archive_entry* entry = reader.next();
    if (entry != nullptr && archive_entry_pathname(entry) == name) return reader.read();
  } catch (const UnreadableShard&) {
    // The search from the beginning says what is wrong.
  }
  return std::nullopt;
}

}  // namespace

std::vector<ShardEntry> list_shard(const fs::path& archive) {
  std::vector<ShardEntry> entries;
  Reader reader(archive);
  while (archive_entry* entry = reader.next()) {
    entries.push_back(
        {archive_entry_pathname(entry), archive_entry_size(entry), reader.position()});
  }
  if (reader.is_zip()) add_zip_positions(archive, entries);
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

std::string read_shard_entry(const fs::path& archive, const std::string& name, int64_t position) {
  if (position >= 0) {
    if (auto bytes = read_at(archive, name, position)) return *std::move(bytes);
  }
  try {
    Reader reader(archive);
    while (archive_entry* entry = reader.next()) {
      if (archive_entry_pathname(entry) == name) return reader.read();
    }
  } catch (const UnreadableShard& error) {
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
std::string read_shard_entry(const fs::path&, const std::string&, int64_t) { throw_no_archives(); }
#endif

}  // namespace sana::media
