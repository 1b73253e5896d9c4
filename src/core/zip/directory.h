// The directory at the end of a ZIP archive: where it lies and what it says of each entry. Shared
// by readers that hold an archive in memory and readers that fetch parts of it; which entries they
// take is their own rule.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sana::zip {

// Bytes of an archive: `count` of them from `offset` on, fewer only where it ends earlier.
using ReadRange = std::function<std::string(uint64_t offset, uint64_t count)>;

struct DirectoryPlace {
  uint64_t offset = 0, bytes = 0;
  // Nothing when the number did not fit and no zip64 record holds it.
  std::optional<uint64_t> entries;
};

// What the directory says of an entry. None of it has been compared with the rest of the archive.
struct EntryHeader {
  std::string_view name;  // part of the directory's bytes
  uint16_t method = 0;    // 0: stored as it is
  uint16_t flags = 0;     // kEncrypted, kSizesFollow
  uint64_t packed_bytes = 0;
  uint64_t bytes = 0;
  uint64_t offset = 0;  // of its own header, which stands before its data
  // Its zip64 field ends too early: at least one of the three numbers above is not known and has
  // only ones in its 32 bits.
  bool has_short_zip64 = false;
};

// Where the directory of an archive of `archive_bytes` lies: always inside the archive, before the
// record that ends it. That record is the last one whose comment reaches exactly to the end, so
// that one that is only quoted in a comment does not count. Reads 64 KiB and two records at most.
// Throws UserError: no such record (truncated), no zip64 record where one is needed, a place
// outside.
DirectoryPlace find_directory(uint64_t archive_bytes, const ReadRange& read);

// Takes the first header off the front of `directory`, the bytes at that place or what is left of
// them. Nothing, and `directory` is as before, where no whole header stands.
std::optional<EntryHeader> take_header(std::string_view& directory);

}  // namespace sana::zip
