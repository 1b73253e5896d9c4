// Picture files to pixels. What a file says of itself is compared with what can be before a decoder
// sees it. Only in builds with OpenCV.
#pragma once
#include <opencv2/core.hpp>

#include "media/bytes/byte_source.h"
#include "media/colours.h"

namespace sana::media {

struct StillPicture {
  cv::Mat bgr;  // [H, W, 3] uint8, turned as its EXIF data says
  Hdr hdr = Hdr::kNone;
};

// A JPEG, PNG, WebP, BMP, TIFF (its first picture), JPEG 2000 or PNM. Throws UnusableClip that says
// what is wrong: zero bytes, another type, animated, too large, truncated, damaged, cannot decode;
// EnvironmentError when the disk fails.
StillPicture decode_still(const ByteSource& file);

}  // namespace sana::media
