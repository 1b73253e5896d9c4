// Where the files of a ZIP archive begin, from the directory at its end. libarchive finds a file
// only by reading the header of every file before it. Nothing outside this folder needs it.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "media/bytes/byte_source.h"

namespace sana::media {

// Offset of each file's own header by its name, the first of equal names; inside the archive, but
// whether a header stands there is the caller's to notice. Left out are encrypted files, those
// whose length stands behind them, and what follows a damaged part of the directory. Empty when the
// directory is not found. Throws EnvironmentError when the disk fails, never for what the archive
// holds.
std::map<std::string, int64_t> zip_positions(const ByteSource& zip);

}  // namespace sana::media
