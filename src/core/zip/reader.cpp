#include "core/zip/reader.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/zip/directory.h"
#include "core/zip/format.h"

namespace sana::zip {
namespace {

struct Extent {
  uint64_t begin = 0, end = 0;
  std::string_view name;
};

// The first header of `directory`, which is shortened by it.
EntryHeader take_stored(std::string_view& directory) {
  const std::optional<EntryHeader> header = take_header(directory);
  require(header.has_value(), "its directory is damaged");
  require(header->method == 0,
          "entry '{}' is compressed (method {}), and torch.save never compresses: unpack the file "
          "and pack it again with 'zip -0 -r'",
          header->name, header->method);
  require((header->flags & kEncrypted) == 0, "entry '{}' is encrypted", header->name);
  require(!header->has_short_zip64, "entry '{}': its zip64 field is too short", header->name);
  require(header->packed_bytes == header->bytes, "entry '{}' has {} bytes, but {} are stored",
          header->name, header->bytes, header->packed_bytes);
  return *header;
}

// From the local header to the last byte of data; `data_end` is where the directory begins.
Extent extent_of(std::string_view archive, const EntryHeader& header, uint64_t data_end,
                 std::string_view& data) {
  require(lies_inside(header.offset, kLocalHeaderBytes, data_end) &&
              number_at<uint32_t>(archive, header.offset) == kLocalHeader,
          "entry '{}' is not where the directory says", header.name);
  const uint64_t name_bytes = number_at<uint16_t>(archive, header.offset + 26);
  const uint64_t begin = header.offset + kLocalHeaderBytes + name_bytes +
                         number_at<uint16_t>(archive, header.offset + 28);
  require(lies_inside(begin, header.bytes, data_end),
          "entry '{}' of {} bytes lies outside the file", header.name, header.bytes);
  require(archive.substr(header.offset + kLocalHeaderBytes, name_bytes) == header.name,
          "entry '{}' has another name in its own header", header.name);
  data = archive.substr(begin, header.bytes);
  return {header.offset, begin + header.bytes, header.name};
}

void check_overlap(std::vector<Extent> extents) {
  std::sort(extents.begin(), extents.end(),
            [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
  for (size_t i = 1; i < extents.size(); ++i) {
    require(extents[i].begin >= extents[i - 1].end, "entries '{}' and '{}' overlap",
            extents[i - 1].name, extents[i].name);
  }
}

}  // namespace

Entries read_entries(std::string_view archive) {
  const DirectoryPlace place =
      find_directory(archive.size(), [archive](uint64_t offset, uint64_t count) {
        return std::string(archive.substr(offset, count));
      });
  require(place.entries.has_value(), "the zip64 part of its directory is missing");
  require(*place.entries <= place.bytes / kCentralHeaderBytes,
          "its directory of {} bytes cannot list {} entries", place.bytes, *place.entries);
  std::string_view directory = archive.substr(place.offset, place.bytes);
  Entries entries;
  std::vector<Extent> extents;
  for (uint64_t i = 0; i < *place.entries; ++i) {
    const EntryHeader header = take_stored(directory);
    std::string_view data;
    extents.push_back(extent_of(archive, header, place.offset, data));
    require(entries.emplace(header.name, data).second, "entry '{}' is there twice", header.name);
  }
  require(directory.empty(), "its directory holds more than the {} entries it names",
          *place.entries);
  check_overlap(std::move(extents));
  return entries;
}

}  // namespace sana::zip
