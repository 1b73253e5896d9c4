// What the directory at the end of a ZIP archive says of its files. libarchive finds a file only by
// reading the header of every file before it, and does not say how many bytes it takes packed.
// Nothing outside this folder needs it.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "media/bytes/byte_source.h"

namespace sana::media {

struct ZipMember {
  // Of the file's own header, inside the archive, but whether a header stands there is the caller's
  // to notice. -1: reading cannot start there, since it is encrypted, or its length stands behind
  // it.
  int64_t position = -1;
  int64_t packed_bytes = 0;
};

// By name; of equal names the first position and the most bytes. What follows a damaged part of the
// directory is left out. Empty when the directory is not found. Throws EnvironmentError when the
// disk fails, never for what the archive holds.
std::map<std::string, ZipMember> zip_members(const ByteSource& zip);

}  // namespace sana::media
