#include "core/build_config.h"
#if SANA_HAS_ARCHIVES
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "core/error.h"
#include "core/signals.h"
#include "core/text.h"
#include "media/bytes/archive_reader.h"
#include "media/bytes/shard_name.h"

namespace sana::media {
namespace fs = std::filesystem;
namespace {

constexpr size_t kBlockBytes = 256 << 10;
// From the beginning on a block is read for every header, what lies between them is passed over.
constexpr size_t kHeaderBlockBytes = 32 << 10;

// Data is handed out in pieces, so that no more is asked for than is there.
constexpr size_t kReserveBytes = size_t(64) << 20;

PlainFile open_shard_file(const fs::path& path) {
  try {
    return open_plain_file(path);
  } catch (const UserError& error) {
    throw UnreadableShard(error.what());
  }
}

bool begins_with(const PlainFile& file, std::string_view magic) {
  std::string head(magic.size(), '\0');
  return ::pread(file.descriptor.get(), head.data(), head.size(), 0) == ssize_t(head.size()) &&
         head == magic;
}

// What the file is by its first bytes, where that is an archive of another kind.
const char* foreign_kind(const PlainFile& file) {
  if (begins_with(file, "BZh")) return "bzip2";
  if (begins_with(file,
                  "\xFD"
                  "7zXZ"))
    return "xz";
  if (begins_with(file, "\x28\xB5\x2F\xFD")) return "zstd";
  if (begins_with(file, "7z\xBC\xAF")) return "7z";
  if (begins_with(file, "Rar!")) return "rar";
  return nullptr;
}

// Names that lead out of the archive, or from the root.
bool leads_out(const std::string& name) {
  const fs::path normal = fs::path(name).lexically_normal();
  return normal.is_absolute() || (!normal.empty() && *normal.begin() == "..");
}

UnusedClip link_problem(const char* kind, const char* target, const char* option) {
  return {"", "link in the shard", fmt::format("{} to '{}'", kind, valid_utf8(target)),
          fmt::format("pack the files again with tar {}, or give it the other's place", option)};
}

}  // namespace

NameScope::NameScope(bool is_zip)
    : wanted_(::newlocale(LC_CTYPE_MASK, is_zip ? "C.UTF-8" : "C", locale_t(0))) {
  if (wanted_ != locale_t(0)) before_ = ::uselocale(wanted_);
}

NameScope::~NameScope() {
  if (wanted_ == locale_t(0)) return;
  ::uselocale(before_);
  ::freelocale(wanted_);
}

ArchiveReader::ArchiveReader(const fs::path& path)
    : path_(path),
      file_(open_shard_file(path)),
      names_(lower_ending(path) == ".zip" || begins_with(file_, "PK")),
      archive_(archive_read_new()) {
  archive_read_support_format_zip(archive_.get());
  archive_read_support_format_tar(archive_.get());
  archive_read_support_filter_gzip(archive_.get());
  // `cat a.tar b.tar`: the end of the first is not the end of all.
  archive_read_set_options(archive_.get(), "tar:read_concatenated_archives");
  open(kHeaderBlockBytes);
}

ArchiveReader::ArchiveReader(const fs::path& path, int64_t position)
    : path_(path),
      file_(open_shard_file(path)),
      names_(lower_ending(path) == ".zip" || begins_with(file_, "PK")),
      archive_(archive_read_new()) {
  if (::lseek(file_.descriptor.get(), position, SEEK_SET) != position) {
    throw UnreadableShard(fmt::format("{}: cannot be read", path.string()));
  }
  archive_read_support_format_zip_streamable(archive_.get());
  archive_read_support_format_tar(archive_.get());
  open(kBlockBytes);
}

// Not archive_read_open_fd(): passing over what is packed can take minutes, in which nobody would
// ask whether to stop.
void ArchiveReader::open(size_t block_bytes) {
  source_ = {file_.descriptor.get(), file_.bytes, std::vector<char>(block_bytes)};
  archive_read_set_callback_data(archive_.get(), &source_);
  archive_read_set_read_callback(archive_.get(), read_block);
  archive_read_set_skip_callback(archive_.get(), skip_bytes);
  archive_read_set_seek_callback(archive_.get(), seek_to);
  check(archive_read_open1(archive_.get()));
}

la_ssize_t ArchiveReader::read_block(archive* self, void* source, const void** block) {
  auto& from = *static_cast<Source*>(source);
  *block = from.block.data();
  while (!is_stop_wanted()) {
    const ssize_t count = ::read(from.descriptor, from.block.data(), from.block.size());
    if (count >= 0) return count;
    if (errno == EINTR) continue;
    archive_set_error(self, errno, "%s", std::strerror(errno));
    return -1;
  }
  archive_set_error(self, EINTR, "a signal asks to stop");
  return -1;
}

// Never beyond the end, where a file that is cut off would seem whole.
la_int64_t ArchiveReader::skip_bytes(archive* /*self*/, void* source, la_int64_t count) {
  const auto& from = *static_cast<Source*>(source);
  const la_int64_t before = ::lseek(from.descriptor, 0, SEEK_CUR);
  const la_int64_t skipped = std::min<la_int64_t>(count, from.bytes - before);
  if (before < 0 || skipped <= 0) return 0;
  return ::lseek(from.descriptor, skipped, SEEK_CUR) < 0 ? 0 : skipped;
}

la_int64_t ArchiveReader::seek_to(archive* self, void* source, la_int64_t offset, int whence) {
  const la_int64_t position = ::lseek(static_cast<Source*>(source)->descriptor, offset, whence);
  if (position >= 0) return position;
  archive_set_error(self, errno, "%s", std::strerror(errno));
  return ARCHIVE_FATAL;
}

std::string ArchiveReader::error_text() const {
  const char* text = archive_error_string(archive_.get());
  return text == nullptr ? "it is damaged" : valid_utf8(text);
}

void ArchiveReader::check(int status) const {
  if (status == ARCHIVE_OK || status == ARCHIVE_WARN) return;
  throw_if_stopped();
  const char* foreign = foreign_kind(file_);
  if (foreign != nullptr) {
    throw UnreadableShard(
        fmt::format("{}: packed with {}, which is not read: {}", path_.string(), foreign, kRepack));
  }
  throw UnreadableShard(fmt::format("{}: cannot be read as an archive: {}. Copy it again.",
                                    path_.string(), error_text()));
}

bool ArchiveReader::is_zip() const {
  return (archive_format(archive_.get()) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ZIP;
}

bool ArchiveReader::is_tar() const {
  return (archive_format(archive_.get()) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
}

bool ArchiveReader::is_compressed_tar() const {
  return is_tar() && archive_filter_count(archive_.get()) > 1;  // one: the file itself
}

std::optional<ShardEntry> ArchiveReader::next() {
  while (true) {
    archive_entry* entry = nullptr;
    const int status = archive_read_next_header(archive_.get(), &entry);
    if (status == ARCHIVE_EOF) return std::nullopt;
    check(status);
    ++number_;
    if (archive_entry_filetype(entry) == AE_IFDIR) continue;
    const char* name = archive_entry_pathname(entry);
    present_ = {};
    present_.name = name == nullptr ? fmt::format("entry {}", number_) : name;
    present_.bytes = archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : -1;
    if (is_tar() && !is_compressed_tar()) {
      present_.position = archive_read_header_position(archive_.get());
    }
    present_.problem = problem_of(entry, present_);
    if (name == nullptr) {
      present_.problem = {"", "name cannot be read", "its name is in no encoding that is known",
                          "pack it again under another name"};
    }
    return present_;
  }
}

std::optional<UnusedClip> ArchiveReader::problem_of(archive_entry* entry,
                                                    const ShardEntry& found) const {
  if (leads_out(found.name)) {
    return UnusedClip{"", "name leads out of the shard", "it is absolute or begins with '..'",
                      "pack the files again with names from one folder on"};
  }
  if (const char* target = archive_entry_hardlink(entry)) {
    return link_problem("a hard link", target, "--hard-dereference");
  }
  if (const char* target = archive_entry_symlink(entry)) {
    return link_problem("a link", target, "--dereference");
  }
  if (archive_entry_filetype(entry) != AE_IFREG) {
    return UnusedClip{"", "not a file", "it is a device, a FIFO or a socket",
                      "leave it out of the shard"};
  }
  if (archive_entry_is_data_encrypted(entry) != 0) {
    return UnusedClip{"", "encrypted", "it cannot be read without its password",
                      "unzip it with the password and pack it again"};
  }
  if (archive_entry_sparse_count(entry) > 0) {
    return UnusedClip{"", "file with holes",
                      "the shard holds only parts of it, as tar --sparse packs files",
                      "pack it again without --sparse"};
  }
  if (is_tar() && !is_compressed_tar() && found.bytes > file_.bytes - found.position) {
    return UnusedClip{
        "", "truncated",
        fmt::format("it has {} bytes by its header, and the shard ends before", found.bytes),
        "copy the shard again"};
  }
  return too_large(found.bytes, file_.bytes);
}

void ArchiveReader::throw_unreadable() const {
  throw_if_stopped();
  const std::string text = error_text();
  const std::string detail = fmt::format("{}: {}", valid_utf8(path_.string()), text);
  if (text.starts_with("Unsupported")) throw UnusableClip("packing not read", detail, kRepack);
  throw UnusableClip("damaged shard", detail, "copy the shard again");
}

std::string ArchiveReader::read() {
  if (present_.problem) {
    throw UnusableClip(present_.problem->reason, present_.problem->detail,
                       present_.problem->remedy);
  }
  const bool is_known = present_.bytes >= 0;
  const int64_t most = is_known ? present_.bytes : most_unpacked_bytes(file_.bytes);
  std::string bytes;
  bytes.reserve(std::min(size_t(is_known ? most : 0), kReserveBytes));
  const void* block = nullptr;
  size_t count = 0;
  la_int64_t offset = 0;
  while (true) {
    const int status = archive_read_data_block(archive_.get(), &block, &count, &offset);
    if (status == ARCHIVE_EOF) return bytes;
    // A warning here means that the checksum or the length is wrong.
    if (status != ARCHIVE_OK) throw_unreadable();
    if (offset < 0 || offset != int64_t(bytes.size()) || int64_t(count) > most - offset) {
      throw UnusableClip(
          "damaged shard",
          fmt::format("{}: it has more bytes than its header says", valid_utf8(path_.string())),
          "copy the shard again");
    }
    bytes.append(static_cast<const char*>(block), count);
  }
}

}  // namespace sana::media
#endif
