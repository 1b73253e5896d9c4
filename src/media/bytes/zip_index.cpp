#include "media/bytes/zip_index.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "core/error.h"
#include "core/zip/directory.h"
#include "core/zip/format.h"

namespace sana::media {
namespace {

std::string bytes_at(const ByteSource& file, uint64_t offset, uint64_t count) {
  std::string bytes(count, '\0');
  uint64_t got = 0;
  while (got < count) {
    const int64_t more = file.read(int64_t(offset + got), bytes.data() + got, int64_t(count - got));
    if (more <= 0) break;
    got += uint64_t(more);
  }
  bytes.resize(got);
  return bytes;
}

// Of the directory; empty when it is not understood.
std::string directory_of(const ByteSource& zip) {
  try {
    const auto place = zip::find_directory(
        uint64_t(zip.size()),
        [&zip](uint64_t offset, uint64_t count) { return bytes_at(zip, offset, count); });
    return bytes_at(zip, place.offset, place.bytes);
  } catch (const UserError&) {
    return "";  // libarchive finds the files without it, or says what is wrong
  }
}

// Whether reading can start at its header.
bool stands_alone(const zip::EntryHeader& header, const ByteSource& zip) {
  const bool is_encrypted = (header.flags & zip::kEncrypted) != 0;
  const bool ends_unknown = (header.flags & zip::kSizesFollow) != 0 && header.method == 0;
  const bool is_known = header.offset != zip::kIn64Bits32 && header.offset < uint64_t(zip.size());
  return is_known && !is_encrypted && !ends_unknown;
}

}  // namespace

std::map<std::string, ZipMember> zip_members(const ByteSource& zip) {
  const std::string directory = directory_of(zip);
  std::string_view rest = directory;
  std::map<std::string, ZipMember> members;
  while (const auto header = zip::take_header(rest)) {
    ZipMember& member = members[std::string(header->name)];
    const auto most = uint64_t(std::numeric_limits<int64_t>::max());
    member.packed_bytes =
        std::max(member.packed_bytes, int64_t(std::min(header->packed_bytes, most)));
    if (!stands_alone(*header, zip)) continue;
    const auto position = int64_t(header->offset);
    const bool is_first = member.position < 0 || position < member.position;
    if (is_first) member.position = position;
  }
  return members;
}

}  // namespace sana::media
