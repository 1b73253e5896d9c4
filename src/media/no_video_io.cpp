#include "media/no_video_io.h"

#include "core/error.h"

namespace sana::media {

void throw_no_video_io() {
  throw EnvironmentError(
      "this build of sana-video cannot decode clips: it was configured without OpenCV, FFmpeg or "
      "libjpeg. Install libopencv-dev, libavformat-dev and libjpeg-dev and configure again, or "
      "decode them with "
      "scripts/decode_clips.py and give the data set that it writes as `source`.");
}

}  // namespace sana::media
