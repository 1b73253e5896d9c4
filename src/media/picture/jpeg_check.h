// Whether a JPEG is whole. Decoders conceal what is wrong in it, and OpenCV does not pass on what
// libjpeg says. Only in builds with libjpeg.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace sana::media {

enum class JpegUse {
  kFile,
  kVideoFrame,  // cameras leave out the end marker, or stuff a few bytes before it
};

struct JpegCheck {
  std::string damage;   // what is wrong, in libjpeg's words or ours; empty: nothing
  bool is_cut = false;  // the bytes end before the end marker
};

// Reads all of the picture's numbers, without making pixels of them, and hears what libjpeg says;
// numbers that no picture of 8 bits can have are damage, too. What stands behind the end marker
// does not count. Wrong bytes after which the code falls into step again, and that leave possible
// numbers, are another picture: no decoder can tell. Throws UnusableClip: too large (above
// kMaxPixels), cannot decode.
JpegCheck check_jpeg(std::string_view bytes, JpegUse use);

}  // namespace sana::media
