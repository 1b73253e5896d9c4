// What a container says of its video.
#pragma once
#include <cstdint>
#include <string>

#include "media/colours.h"

namespace sana::media {

struct StreamInfo {
  std::string codec;         // "h264"
  std::string pixel_format;  // "yuv420p"
  int64_t width = 0;         // as shown, after rotation
  int64_t height = 0;
  int rotation = 0;  // degrees clockwise that the decoder's pictures are turned: 0, 90, 180, 270
  bool is_mirrored = false;  // they are mirrored left to right after that
  Hdr hdr = Hdr::kNone;
  int bit_depth = 0;             // of its first colour; 0: unknown
  double pixel_aspect = 1;       // width / height of one pixel as shown
  double fps = 0;                // average; 0: not said
  double duration_s = 0;         // 0: not said
  double bit_rate = 0;           // of the video, bits per second; 0: not said
  int64_t announced_frames = 0;  // 0: not said
};

}  // namespace sana::media
