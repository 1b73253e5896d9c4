#include "media/encode/video_format.h"

#include <algorithm>

#include "core/build_config.h"
#include "core/text.h"
#if SANA_HAS_VIDEO_IO
#include "media/ffmpeg.h"
#endif

namespace sana::media {
namespace {

const std::vector<VideoFormat>& all_formats() {
  static const std::vector<VideoFormat> formats = {
      {".mp4", "mp4", {"libx264", "h264"}},
      {".mkv", "matroska", {"libx264", "h264"}},
      {".webm", "webm", {"libvpx-vp9"}},
      {".gif", "gif", {"gif"}},
  };
  return formats;
}

bool can_write([[maybe_unused]] const VideoFormat& format) {
#if SANA_HAS_VIDEO_IO
  return std::any_of(format.encoders.begin(), format.encoders.end(), [](const std::string& name) {
    return avcodec_find_encoder_by_name(name.c_str()) != nullptr;
  });
#else
  return false;
#endif
}

// MP4 stands for "a video" also where none can be encoded.
bool is_offered(const VideoFormat& format) { return format.ending == ".mp4" || can_write(format); }

}  // namespace

const VideoFormat* video_format(const std::filesystem::path& name) {
  const std::string ending = lower_ending(name);
  for (const VideoFormat& format : all_formats()) {
    if (format.ending == ending && is_offered(format)) return &format;
  }
  return nullptr;
}

std::string video_endings() {
  std::vector<std::string> endings;
  for (const VideoFormat& format : all_formats()) {
    if (is_offered(format)) endings.push_back(format.ending);
  }
  std::string text = endings.front();
  for (size_t i = 1; i < endings.size(); ++i) {
    text += (i + 1 == endings.size() ? " or " : ", ") + endings[i];
  }
  return text;
}

}  // namespace sana::media
