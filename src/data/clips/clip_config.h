// How clips are cut out of videos, as a configuration says it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/config/checks.h"
#include "core/config/problems.h"
#include "data/clips/bucket.h"
#include "data/clips/video_reader.h"
#include "data/source/media_lister.h"

namespace sana::data {

struct ClipConfig {
  std::vector<std::string> captions;
  int64_t max_member_mib = kMaxMemberMib;
  double fps = 16;
  int64_t frames = 81;
  std::vector<int64_t> shorter_frames;
  BucketConfig buckets;
  int64_t clips_per_video = 1;

  template <class Binder>
  void bind(Binder& b) {
    b.field(
        "captions", captions,
        "Names of caption files beside the shards, for clips without one of their own: _Qwen2_5-VL "
        "for <shard>_Qwen2_5-VL.json, and for loose clips _Qwen2_5-VL.json in their folder; the "
        "first that has the clip is taken.");
    b.field("max_member_mib", max_member_mib, kMaxMemberHelp, config::between<int64_t>(1, 1 << 20));
    b.field("fps", fps, "Frames per second of the clips; others are retimed.",
            config::between(0.1, 240.0));
    b.field("frames", frames,
            "Frames of each clip; for latents as many as the VAE takes: 4k+1 (Wan), 8k+1 (LTX-2), "
            "4k (DC-AE-V).",
            config::at_least<int64_t>(1));
    b.field("shorter_frames", shorter_frames,
            "Clips that do not cover `frames` get the most of these numbers that they do. Empty: "
            "they are left out.",
            config::at_least<int64_t>(1));
    b.field("buckets", buckets,
            "Sizes; every clip goes to the one whose shape is nearest to its own.");
    b.field("clips_per_video", clips_per_video,
            "At most so many clips are cut from one video, without overlap.",
            config::at_least<int64_t>(1));
  }
  void validate(config::Problems& problems) const;
};

// Throws UserError when the sizes cannot be made.
ClipSettings clip_settings(const ClipConfig& config);

}  // namespace sana::data
