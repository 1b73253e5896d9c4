// Where the files of a ZIP archive begin, from the directory at its end. libarchive finds a file
// only by reading the header of every file before it. Nothing outside this folder needs it.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "media/bytes/byte_source.h"

namespace sana::media {

// Offset of each file's own header by its name, the first of equal names. Left out are encrypted
// files and those whose length stands behind them. Empty when the directory is not understood; an
// offset that is wrong is the caller's to notice.
std::map<std::string, int64_t> zip_positions(const ByteSource& zip);

}  // namespace sana::media
