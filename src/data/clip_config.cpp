#include "data/clip_config.h"

#include <algorithm>
#include <functional>

namespace sana::data {

ClipSettings clip_settings(const ClipConfig& config) {
  ClipSettings settings{config.fps, config.frames, config.shorter_frames, config.clips_per_video,
                        make_sizes(config.buckets)};
  std::sort(settings.shorter_frames.begin(), settings.shorter_frames.end(), std::greater<>());
  return settings;
}

}  // namespace sana::data
