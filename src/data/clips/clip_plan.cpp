#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <ATen/ATen.h>

#include <cmath>
#include <cstring>

#include "core/error.h"
#include "core/signals.h"
#include "data/clips/clip_plan.h"
#include "data/clips/frame_selection.h"
#include "data/clips/place_stream.h"
#include "media/unusable.h"

namespace sana::data {
namespace {

// Frames per second of frames at these times.
double average_fps(const std::vector<double>& times, const media::StreamInfo& info) {
  const auto count = double(times.size());
  const double fps = count > 1 ? (count - 1) / (times.back() - times.front()) : 0;
  if (fps > 0) return fps;
  return info.fps > 0 ? info.fps : 1;
}

[[noreturn]] void throw_no_frame() {
  throw media::UnusableClip("cannot decode", "no frame of this part could be decoded",
                            media::kReencode);
}

// The same from what the container says; no times when it says too little.
FrameTimes stated_frame_times(const Place& video, media::VideoStream& stream) {
  FrameTimes times;
  const std::vector<double> stated = stream.stated_times();
  if (stated.empty()) return times;
  for (const double time : stated) {
    if (is_in_window(video, time)) times.seconds.push_back(time);
  }
  if (times.seconds.empty()) throw_no_frame();
  times.fps = average_fps(times.seconds, stream.info());
  return times;
}

PlannedClip planned_clip(const std::vector<double>& times, const ChosenFrames& chosen,
                         int64_t start) {
  const auto time = [&](int64_t instant) { return times[size_t(chosen.frames[size_t(instant)])]; };
  PlannedClip clip;
  clip.first_s = time(start);
  for (int64_t f = 0; f < chosen.length; ++f) {
    clip.offsets_s.push_back(float(time(start + f) - clip.first_s));
  }
  return clip;
}

}  // namespace

ChosenFrames choose_frames(const std::vector<double>& times, double source_fps,
                           const ClipSettings& settings) {
  ChosenFrames chosen;
  chosen.frames = nearest_frames(times, source_fps, settings.fps);
  const auto available = static_cast<int64_t>(chosen.frames.size());
  chosen.length = settings.frames;
  for (const int64_t shorter : settings.shorter_frames) {
    if (available < chosen.length) chosen.length = shorter;
  }
  if (available < chosen.length) {
    throw media::UnusableClip(
        "too short",
        fmt::format("{} of {} frames at {:g} fps ({:.2f} s)", available, chosen.length,
                    settings.fps, static_cast<double>(available) / settings.fps),
        "lower frames or fps");
  }
  chosen.starts = window_starts(available, chosen.length, settings.clips_per_video);
  return chosen;
}

FrameTimes decode_frame_times(media::VideoStream& stream, const Place& video) {
  FrameTimes times;
  for (bool has_frame = stream.next_at(video.start_s);
       has_frame && (!video.end_s || stream.time_s() < *video.end_s); has_frame = stream.next()) {
    throw_if_stopped();
    if (is_in_window(video, stream.time_s())) times.seconds.push_back(stream.time_s());
  }
  stream.check_decoded(/*is_whole=*/video.start_s == 0 && !video.end_s);
  if (times.seconds.empty()) throw_no_frame();
  times.fps = average_fps(times.seconds, stream.info());
  return times;
}

ClipPlan plan_clips(const Place& video, const ClipSettings& settings) {
  const auto stream = open_stream(video, open_bytes(video));
  const media::StreamInfo& info = stream->info();
  FrameTimes times = stated_frame_times(video, *stream);
  if (times.seconds.empty()) times = decode_frame_times(*stream, video);
  const ChosenFrames chosen = choose_frames(times.seconds, times.fps, settings);
  const cv::Rect crop = crop_of(video, info);
  ClipPlan plan;
  plan.hdr = info.hdr;
  plan.bucket = settings.sizes.nearest(crop.height, crop.width * info.pixel_aspect);
  plan.bucket.frames = chosen.length;
  for (const int64_t start : chosen.starts) {
    plan.clips.push_back(planned_clip(times.seconds, chosen, start));
  }
  return plan;
}

at::Tensor read_planned(const Place& video, const ClipSize& bucket, const PlannedClip& clip) {
  // Frames lie further apart than this at any rate that is accepted.
  constexpr double kSameFrame = 1e-3;
  const auto stream = open_stream(video, open_bytes(video));
  const cv::Rect crop = crop_of(video, stream->info());
  const at::Tensor out = at::empty({bucket.frames, bucket.height, bucket.width, 3}, at::kByte);
  auto* bytes = static_cast<uint8_t*>(out.data_ptr());
  size_t next = 0;
  for (bool has_frame = stream->next_at(clip.first_s); has_frame && next < clip.offsets_s.size();
       has_frame = stream->next()) {
    const double offset = stream->time_s() - clip.first_s;
    if (offset < double(clip.offsets_s[next]) - kSameFrame) continue;
    if (offset > double(clip.offsets_s[next]) + kSameFrame) break;
    const at::Tensor frame = sized_frame(*stream, crop, bucket);
    for (; next < clip.offsets_s.size() && offset > double(clip.offsets_s[next]) - kSameFrame;
         ++next) {
      std::memcpy(bytes, frame.data_ptr(), frame.nbytes());
      bytes += frame.nbytes();
    }
  }
  stream->check_decoded(/*is_whole=*/false);
  if (next < clip.offsets_s.size()) {
    throw media::UnusableClip("cannot decode",
                              fmt::format("the frame at {:.2f} s is damaged",
                                          clip.first_s + double(clip.offsets_s[next])),
                              media::kReencode);
  }
  return out;
}

}  // namespace sana::data
#endif
