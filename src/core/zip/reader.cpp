#include "core/zip/reader.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/zip/format.h"

namespace sana::zip {
namespace {

struct Directory {
  uint64_t entries = 0;
  uint64_t bytes = 0;
  uint64_t offset = 0;
};

struct CentralHeader {
  std::string_view name;
  uint64_t bytes = 0;
  uint64_t offset = 0;  // of its local header
};

struct Extent {
  uint64_t begin = 0, end = 0;
  std::string_view name;
};

bool lies_inside(uint64_t offset, uint64_t bytes, uint64_t size) {
  return offset <= size && bytes <= size - offset;
}

// Position of the record that ends the archive: the last one whose comment reaches the file's end.
uint64_t find_end(std::string_view archive) {
  const uint64_t size = archive.size();
  for (uint64_t back = kEndBytes; back <= std::min<uint64_t>(size, kEndBytes + 0xffff); ++back) {
    const uint64_t at = size - back;
    if (number_at<uint32_t>(archive, at) == kEnd &&
        number_at<uint16_t>(archive, at + 20) == back - kEndBytes) {
      return at;
    }
  }
  throw UserError("it has no ZIP directory at its end (is the file truncated?)");
}

Directory read_zip64_end(std::string_view archive, uint64_t end) {
  require(end >= kZip64LocatorBytes &&
              number_at<uint32_t>(archive, end - kZip64LocatorBytes) == kZip64Locator,
          "the zip64 part of its directory is missing");
  const uint64_t at = number_at<uint64_t>(archive, end - kZip64LocatorBytes + 8);
  require(lies_inside(at, kZip64EndBytes, end - kZip64LocatorBytes) &&
              number_at<uint32_t>(archive, at) == kZip64End,
          "the zip64 part of its directory is not where it should be");
  return {number_at<uint64_t>(archive, at + 32), number_at<uint64_t>(archive, at + 40),
          number_at<uint64_t>(archive, at + 48)};
}

Directory read_directory_place(std::string_view archive) {
  const uint64_t end = find_end(archive);
  Directory place{number_at<uint16_t>(archive, end + 10), number_at<uint32_t>(archive, end + 12),
                  number_at<uint32_t>(archive, end + 16)};
  if (place.entries == kIn64Bits16 || place.bytes == kIn64Bits32 || place.offset == kIn64Bits32) {
    place = read_zip64_end(archive, end);
  }
  require(lies_inside(place.offset, place.bytes, end), "its directory lies outside the file");
  require(place.entries <= place.bytes / kCentralHeaderBytes,
          "its directory of {} bytes cannot list {} entries", place.bytes, place.entries);
  return place;
}

// Takes from the zip64 extra field what the header itself could not hold, in this order.
void read_zip64_extra(std::string_view extra, uint64_t stored_bytes, CentralHeader& header) {
  const bool needed =
      header.bytes == kIn64Bits32 || stored_bytes == kIn64Bits32 || header.offset == kIn64Bits32;
  if (!needed) return;
  while (extra.size() >= 4) {
    const auto id = number_at<uint16_t>(extra, 0);
    std::string_view field = extra.substr(4, number_at<uint16_t>(extra, 2));
    if (id != kZip64Extra) {
      extra.remove_prefix(4 + field.size());
      continue;
    }
    for (uint64_t* value : {&header.bytes, &stored_bytes, &header.offset}) {
      if (*value != kIn64Bits32) continue;
      require(field.size() >= 8, "entry '{}': its zip64 field is too short", header.name);
      *value = number_at<uint64_t>(field, 0);
      field.remove_prefix(8);
    }
    break;
  }
  require(stored_bytes == header.bytes, "entry '{}' has {} bytes, but {} are stored", header.name,
          header.bytes, stored_bytes);
}

// The first header of `directory`, which is shortened by it.
CentralHeader take_central_header(std::string_view& directory) {
  require(directory.size() >= kCentralHeaderBytes &&
              number_at<uint32_t>(directory, 0) == kCentralHeader,
          "its directory is damaged");
  const uint64_t name_bytes = number_at<uint16_t>(directory, 28);
  const uint64_t extra_bytes = number_at<uint16_t>(directory, 30);
  const uint64_t all_bytes =
      kCentralHeaderBytes + name_bytes + extra_bytes + number_at<uint16_t>(directory, 32);
  require(all_bytes <= directory.size(), "its directory is damaged");
  CentralHeader header{directory.substr(kCentralHeaderBytes, name_bytes),
                       number_at<uint32_t>(directory, 24), number_at<uint32_t>(directory, 42)};
  const auto method = number_at<uint16_t>(directory, 10);
  require(method == 0,
          "entry '{}' is compressed (method {}), and torch.save never compresses: unpack the file "
          "and pack it again with 'zip -0 -r'",
          header.name, method);
  require((number_at<uint16_t>(directory, 8) & 1) == 0, "entry '{}' is encrypted", header.name);
  const uint64_t stored_bytes = number_at<uint32_t>(directory, 20);
  if (stored_bytes != kIn64Bits32) {
    require(stored_bytes == header.bytes || header.bytes == kIn64Bits32,
            "entry '{}' has {} bytes, but {} are stored", header.name, header.bytes, stored_bytes);
  }
  read_zip64_extra(directory.substr(kCentralHeaderBytes + name_bytes, extra_bytes), stored_bytes,
                   header);
  directory.remove_prefix(all_bytes);
  return header;
}

// From the local header to the last byte of data; `data_end` is where the directory begins.
Extent extent_of(std::string_view archive, const CentralHeader& header, uint64_t data_end,
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
  const Directory place = read_directory_place(archive);
  std::string_view directory = archive.substr(place.offset, place.bytes);
  Entries entries;
  std::vector<Extent> extents;
  for (uint64_t i = 0; i < place.entries; ++i) {
    const CentralHeader header = take_central_header(directory);
    std::string_view data;
    extents.push_back(extent_of(archive, header, place.offset, data));
    require(entries.emplace(header.name, data).second, "entry '{}' is there twice", header.name);
  }
  require(directory.empty(), "its directory holds more than the {} entries it names",
          place.entries);
  check_overlap(std::move(extents));
  return entries;
}

}  // namespace sana::zip
