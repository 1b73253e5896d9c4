#include "media/bytes/zip_index.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace sana::media {
namespace {

constexpr int64_t kEndBytes = 22, kLocatorBytes = 20, kEnd64Bytes = 56, kEntryBytes = 46;
constexpr int64_t kMaxComment = 65535;
constexpr int64_t kInExtra = 0xFFFFFFFF;  // the number stands in the extra field, in 8 bytes

std::string bytes_at(const ByteSource& file, int64_t offset, int64_t count) {
  std::string bytes(size_t(count), '\0');
  int64_t got = 0;
  while (got < count) {
    const int64_t more = file.read(offset + got, bytes.data() + got, count - got);
    if (more <= 0) break;
    got += more;
  }
  bytes.resize(size_t(got));
  return bytes;
}

// Numbers are little-endian; 0 beyond the end.
int64_t number(std::string_view bytes, size_t offset, size_t count) {
  uint64_t value = 0;
  for (size_t i = count; i-- > 0;) {
    const size_t at = offset + i;
    value = value << 8 | (at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0);
  }
  return int64_t(value);
}

struct Directory {
  int64_t offset = 0, bytes = 0;
};

// Of archives above 4 GiB: a second end record, which a locator before the first one names.
std::optional<Directory> directory64(const ByteSource& zip, std::string_view locator) {
  if (!locator.starts_with("PK\x06\x07")) return std::nullopt;
  const std::string end = bytes_at(zip, number(locator, 8, 8), kEnd64Bytes);
  if (!end.starts_with("PK\x06\x06")) return std::nullopt;
  return Directory{number(end, 48, 8), number(end, 40, 8)};
}

std::optional<Directory> find_directory(const ByteSource& zip) {
  const int64_t count = std::min(zip.size(), kEndBytes + kMaxComment + kLocatorBytes);
  const std::string tail = bytes_at(zip, zip.size() - count, count);
  const size_t at = tail.rfind("PK\x05\x06");
  if (at == std::string::npos || at + kEndBytes > tail.size()) return std::nullopt;
  const std::string_view end = std::string_view(tail).substr(at);
  const Directory directory = {number(end, 16, 4), number(end, 12, 4)};
  if (directory.offset != kInExtra && directory.bytes != kInExtra) return directory;
  if (at < size_t(kLocatorBytes)) return std::nullopt;
  return directory64(zip, std::string_view(tail).substr(at - kLocatorBytes, kLocatorBytes));
}

// Of one entry of the directory; -1: it cannot be read from there.
int64_t position_of(std::string_view entry, std::string_view extra) {
  const int64_t flags = number(entry, 8, 2), method = number(entry, 10, 2);
  const bool is_encrypted = (flags & 1) != 0, ends_unknown = (flags & 8) != 0 && method == 0;
  if (is_encrypted || ends_unknown) return -1;
  const int64_t position = number(entry, 42, 4);
  if (position != kInExtra) return position;
  for (size_t at = 0; at + 4 <= extra.size(); at += 4 + size_t(number(extra, at + 2, 2))) {
    if (number(extra, at, 2) != 1) continue;
    // Only numbers that did not fit stand here: length, packed length, position.
    size_t skipped = at + 4;
    for (const size_t field : {size_t(24), size_t(20)}) {
      if (number(entry, field, 4) == kInExtra) skipped += 8;
    }
    return skipped + 8 <= extra.size() ? number(extra, skipped, 8) : -1;
  }
  return -1;
}

}  // namespace

std::map<std::string, int64_t> zip_positions(const ByteSource& zip) {
  std::map<std::string, int64_t> positions;
  const auto found = find_directory(zip);
  if (!found || found->offset < 0 || found->offset > zip.size() || found->bytes < 0 ||
      found->bytes > zip.size() - found->offset) {
    return positions;
  }
  const std::string directory = bytes_at(zip, found->offset, found->bytes);
  std::string_view rest = directory;
  while (int64_t(rest.size()) >= kEntryBytes && rest.starts_with("PK\x01\x02")) {
    const auto name = size_t(number(rest, 28, 2)), extra = size_t(number(rest, 30, 2));
    const size_t length = size_t(kEntryBytes) + name + extra + size_t(number(rest, 32, 2));
    if (length > rest.size()) break;
    const int64_t position = position_of(rest, rest.substr(size_t(kEntryBytes) + name, extra));
    if (position >= 0) {
      const auto [earlier, is_new] =
          positions.emplace(std::string(rest.substr(size_t(kEntryBytes), name)), position);
      if (!is_new) earlier->second = std::min(earlier->second, position);
    }
    rest.remove_prefix(length);
  }
  return positions;
}

}  // namespace sana::media
