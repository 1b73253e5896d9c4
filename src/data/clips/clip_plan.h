// Which clips a video gives, and reading one of them.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "data/clips/bucket.h"
#include "data/clips/video_reader.h"

namespace sana::media {
class VideoStream;
}

namespace sana::data {

// Frames by number for each instant of the target rate, and where clips begin among them.
struct ChosenFrames {
  std::vector<int64_t> frames;  // of the source, by instant
  std::vector<int64_t> starts;  // instant at which each clip begins
  int64_t length = 0;           // instants of a clip
};

// `times`: of the source's frames in seconds, strictly increasing. Throws UnusableClip: too short.
ChosenFrames choose_frames(const std::vector<double>& times, double source_fps,
                           const ClipSettings& settings);

// A clip by the times of its frames.
struct PlannedClip {
  double first_s = 0;            // after the first frame of the video
  std::vector<float> offsets_s;  // of each frame after that; equal where the source is slower
};

struct ClipPlan {
  ClipSize bucket;
  media::Hdr hdr = media::Hdr::kNone;  // of the source, read as SDR
  std::vector<PlannedClip> clips;
};

// The clips that read_video would cut, from what the container says, without decoding (videos
// without timestamps are decoded for them). Throws what read_video throws, but for damage that only
// decoding shows.
ClipPlan plan_clips(const Place& video, const ClipSettings& settings);

// Decodes one of these clips: [F, H, W, 3] uint8, the same numbers as read_video gives. Throws
// UnusableClip.
at::Tensor read_planned(const Place& video, const ClipSize& bucket, const PlannedClip& clip);

// When each frame of a place is shown.
struct FrameTimes {
  std::vector<double> seconds;  // strictly increasing
  double fps = 0;               // average
};

// Decodes what is used of the video for its timestamps. Throws UnusableClip when something is
// damaged, Stopped.
FrameTimes decode_frame_times(media::VideoStream& stream, const Place& video);

}  // namespace sana::data
