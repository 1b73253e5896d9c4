#include "data/clips/clip_config.h"

#include <algorithm>
#include <functional>

#include "core/error.h"

namespace sana::data {

void ClipConfig::validate(config::Problems& problems) const {
  for (const int64_t shorter : shorter_frames) {
    if (shorter < frames) continue;
    problems.add("shorter_frames",
                 fmt::format("has {}, which is not below frames ({})", shorter, frames));
  }
}

ClipSettings clip_settings(const ClipConfig& config) {
  ClipSettings settings{config.fps, config.frames, config.shorter_frames, config.clips_per_video,
                        make_sizes(config.buckets)};
  std::sort(settings.shorter_frames.begin(), settings.shorter_frames.end(), std::greater<>());
  return settings;
}

}  // namespace sana::data
