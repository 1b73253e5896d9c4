// An archive front to back through libarchive. Nothing outside this folder needs it; only in builds
// with libarchive.
#pragma once
#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "core/plain_file.h"
#include "media/bytes/shard.h"

namespace sana::media {

// libarchive gives names in the characters of the locale. Those of a zip it gives only where the
// locale has them; those of a tar it gives byte for byte where the locale has none of them, and
// else brings letters with accents into another form, so that two names may become one. Holds for
// this thread.
class NameScope {
 public:
  explicit NameScope(bool is_zip);
  ~NameScope();
  NameScope(const NameScope&) = delete;
  NameScope& operator=(const NameScope&) = delete;

 private:
  locale_t wanted_, before_ = locale_t(0);
};

class ArchiveReader {
 public:
  // Throws UnreadableShard when it cannot be opened.
  explicit ArchiveReader(const std::filesystem::path& path);
  // From the header of one of its files on.
  ArchiveReader(const std::filesystem::path& path, int64_t position);

  // The next file, or what stands for one (links, devices; no folders); nothing at the end. What
  // its header says that makes it unusable is its problem. Throws UnreadableShard where the archive
  // is damaged, Stopped when a signal asks to stop.
  std::optional<ShardEntry> next();
  // Bytes of the present file, as many as there really are. Throws UnusableClip: its problem, its
  // part of the archive is damaged, or it has more bytes than its header says; Stopped.
  std::string read();

  bool is_zip() const;
  bool is_compressed_tar() const;
  int64_t file_bytes() const { return file_.bytes; }
  // Bytes of the archive, unpacked, that have gone by.
  int64_t unpacked_bytes() const { return archive_filter_bytes(archive_.get(), 0); }

 private:
  struct Close {
    void operator()(archive* open) const { archive_read_free(open); }
  };

  void open(size_t block_bytes);
  void check(int status) const;
  std::string error_text() const;
  // Of the data of the present file. Throws UnusableClip.
  [[noreturn]] void throw_unreadable() const;
  bool is_tar() const;
  std::optional<UnusedClip> problem_of(archive_entry* entry, const ShardEntry& found) const;

  // What libarchive reads from.
  struct Source {
    int descriptor;
    int64_t bytes;
    std::vector<char> block;
  };
  static la_ssize_t read_block(archive* self, void* source, const void** block);
  static la_int64_t skip_bytes(archive* self, void* source, la_int64_t count);
  static la_int64_t seek_to(archive* self, void* source, la_int64_t offset, int whence);

  std::filesystem::path path_;
  PlainFile file_;
  Source source_;
  NameScope names_;
  std::unique_ptr<archive, Close> archive_;
  ShardEntry present_;
  int64_t number_ = 0;  // of the present entry, from 1
};

}  // namespace sana::media
