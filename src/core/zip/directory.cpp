#include "core/zip/directory.h"

#include <algorithm>

#include "core/error.h"
#include "core/zip/format.h"

namespace sana::zip {
namespace {

constexpr uint64_t kMaxCommentBytes = 0xffff;

// Position in `tail`, the archive's last bytes, of the record that ends it.
uint64_t find_end(std::string_view tail) {
  const uint64_t most = std::min<uint64_t>(tail.size(), kEndBytes + kMaxCommentBytes);
  for (uint64_t back = kEndBytes; back <= most; ++back) {
    const uint64_t at = tail.size() - back;
    if (number_at<uint32_t>(tail, at) == kEnd &&
        number_at<uint16_t>(tail, at + 20) == back - kEndBytes) {
      return at;
    }
  }
  throw UserError("it has no ZIP directory at its end (is the file truncated?)");
}

bool has_locator(std::string_view before_end) {
  return before_end.size() >= kZip64LocatorBytes &&
         number_at<uint32_t>(before_end, before_end.size() - kZip64LocatorBytes) == kZip64Locator;
}

// The place as the zip64 record says it; `before_end` is followed by the end record, at `end`.
DirectoryPlace read_zip64_place(std::string_view before_end, uint64_t end, const ReadRange& read) {
  const uint64_t at = number_at<uint64_t>(before_end, before_end.size() - kZip64LocatorBytes + 8);
  std::string record;
  if (lies_inside(at, kZip64EndBytes, end - kZip64LocatorBytes)) record = read(at, kZip64EndBytes);
  require(record.size() == kZip64EndBytes && number_at<uint32_t>(record, 0) == kZip64End,
          "the zip64 part of its directory is not where it should be");
  return {number_at<uint64_t>(record, 48), number_at<uint64_t>(record, 40),
          number_at<uint64_t>(record, 32)};
}

// Puts the numbers of the zip64 extra field where the header itself could not hold them.
void read_zip64_extra(std::string_view extra, EntryHeader& header) {
  while (extra.size() >= 4) {
    const auto id = number_at<uint16_t>(extra, 0);
    std::string_view field = extra.substr(4, number_at<uint16_t>(extra, 2));
    if (id != kZip64Extra) {
      extra.remove_prefix(4 + field.size());
      continue;
    }
    for (uint64_t* value : {&header.bytes, &header.packed_bytes, &header.offset}) {
      if (*value != kIn64Bits32) continue;
      header.has_short_zip64 = field.size() < 8;
      if (header.has_short_zip64) return;
      *value = number_at<uint64_t>(field, 0);
      field.remove_prefix(8);
    }
    return;
  }
}

}  // namespace

DirectoryPlace find_directory(uint64_t archive_bytes, const ReadRange& read) {
  const uint64_t count = std::min(archive_bytes, kZip64LocatorBytes + kEndBytes + kMaxCommentBytes);
  const std::string tail = read(archive_bytes - count, count);
  const uint64_t at = find_end(tail);
  const uint64_t end = archive_bytes - (tail.size() - at);
  DirectoryPlace place{number_at<uint32_t>(tail, at + 16), number_at<uint32_t>(tail, at + 12),
                       number_at<uint16_t>(tail, at + 10)};
  const bool is_beyond = place.bytes == kIn64Bits32 || place.offset == kIn64Bits32;
  if (is_beyond || place.entries == kIn64Bits16) {
    const std::string_view before_end = std::string_view(tail).substr(0, at);
    const bool is_found = has_locator(before_end);
    require(is_found || !is_beyond, "the zip64 part of its directory is missing");
    place.entries.reset();
    if (is_found) place = read_zip64_place(before_end, end, read);
  }
  require(lies_inside(place.offset, place.bytes, end), "its directory lies outside the file");
  return place;
}

std::optional<EntryHeader> take_header(std::string_view& directory) {
  if (directory.size() < kCentralHeaderBytes ||
      number_at<uint32_t>(directory, 0) != kCentralHeader) {
    return std::nullopt;
  }
  const uint64_t name_bytes = number_at<uint16_t>(directory, 28);
  const uint64_t extra_bytes = number_at<uint16_t>(directory, 30);
  const uint64_t all_bytes =
      kCentralHeaderBytes + name_bytes + extra_bytes + number_at<uint16_t>(directory, 32);
  if (all_bytes > directory.size()) return std::nullopt;
  EntryHeader header;
  header.name = directory.substr(kCentralHeaderBytes, name_bytes);
  header.flags = number_at<uint16_t>(directory, 8);
  header.method = number_at<uint16_t>(directory, 10);
  header.packed_bytes = number_at<uint32_t>(directory, 20);
  header.bytes = number_at<uint32_t>(directory, 24);
  header.offset = number_at<uint32_t>(directory, 42);
  read_zip64_extra(directory.substr(kCentralHeaderBytes + name_bytes, extra_bytes), header);
  directory.remove_prefix(all_bytes);
  return header;
}

}  // namespace sana::zip
