// What a picture says of itself before it is decoded.
#pragma once
#include <cstdint>

#include "media/bytes/byte_source.h"
#include "media/bytes/media_type.h"
#include "media/colours.h"

namespace sana::media {

struct PictureHeader {
  int64_t width = 0, height = 0;  // as stored; 0: the header does not tell
  int64_t components = 3;         // of JPEG 2000, whose decoder makes room for each
  Hdr hdr = Hdr::kNone;           // of PNG
};

// Of a PNG, WebP, BMP, TIFF (its first picture), JPEG 2000 or PNM; of other types nothing. Of sizes
// that stand there twice the larger one counts. Throws EnvironmentError when the disk fails.
PictureHeader read_picture_header(const ByteSource& file, MediaType type);

}  // namespace sana::media
