#include "data/video_reader.h"

#include "core/build_config.h"
#include "core/error.h"
#include "data/bucket.h"
#include "data/frame_selection.h"
#include "data/media_type.h"
#include "data/resize.h"
#include "data/unusable.h"

#if SANA_HAS_VIDEO_IO
#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "data/shard.h"
#include "data/video_stream.h"
#endif

namespace sana::data {
namespace fs = std::filesystem;

void throw_no_video_io() {
  throw EnvironmentError(
      "this build of sana-video cannot decode clips: it was configured without OpenCV or "
      "FFmpeg. Install libopencv-dev and libavformat-dev and configure again, or decode them with "
      "scripts/decode_clips.py and give the "
      "data set that it writes as `source`.");
}

#if SANA_HAS_VIDEO_IO
namespace {

// Damaged images are reported by us, once, instead of line by line by the decoders.
void silence_decoders() {
  static const bool is_silent = [] {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    return true;
  }();
  static_cast<void>(is_silent);
}

std::unique_ptr<VideoStream> open_stream(const VideoPart& video) {
  if (video.member.empty()) {
    return std::make_unique<VideoStream>(open_bytes(video.path), video.path.string());
  }
  return std::make_unique<VideoStream>(own_bytes(read_shard_entry(video.path, video.member)),
                                       video.member);
}

// When each frame of the part is shown.
struct FrameTimes {
  std::vector<double> seconds;  // strictly increasing
  double fps = 0;               // average
};

// A frame belongs to the part when it begins in it, give or take a millisecond of rounding.
constexpr double kRoundingSeconds = 1e-3;

bool is_in(const VideoPart& video, double time_s) {
  return time_s >= video.start_s - kRoundingSeconds &&
         (!video.end_s || time_s < *video.end_s - kRoundingSeconds);
}

// Decodes the part once for its timestamps.
FrameTimes read_frame_times(const VideoPart& video) {
  const auto stream = open_stream(video);
  FrameTimes times;
  for (bool has_frame = stream->next_at(video.start_s);
       has_frame && (!video.end_s || stream->time_s() < *video.end_s); has_frame = stream->next()) {
    if (is_in(video, stream->time_s())) times.seconds.push_back(stream->time_s());
  }
  stream->check_decoded(/*is_whole=*/video.start_s == 0 && !video.end_s);
  if (times.seconds.empty()) {
    throw UnusableClip("cannot decode", "no frame of this part could be decoded", kReencode);
  }
  const auto count = double(times.seconds.size());
  if (count > 1) times.fps = (count - 1) / (times.seconds.back() - times.seconds.front());
  if (!(times.fps > 0)) times.fps = stream->info().fps > 0 ? stream->info().fps : 1;
  return times;
}

// BGR of OpenCV to an RGB tensor [H, W, 3].
at::Tensor rgb_tensor(const cv::Mat& bgr) {
  at::Tensor frame = at::empty({bgr.rows, bgr.cols, 3}, at::kByte);
  cv::Mat rgb(bgr.rows, bgr.cols, CV_8UC3, frame.data_ptr());
  cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
  return frame;
}

// Where a frame of the source goes: (clip, frame in it).
using Placement = std::pair<size_t, int64_t>;

std::map<int64_t, std::vector<Placement>> place_frames(const std::vector<int64_t>& chosen,
                                                       const std::vector<int64_t>& starts,
                                                       int64_t frames) {
  std::map<int64_t, std::vector<Placement>> placements;
  for (size_t clip = 0; clip < starts.size(); ++clip) {
    for (int64_t f = 0; f < frames; ++f) {
      placements[chosen[static_cast<size_t>(starts[clip] + f)]].emplace_back(clip, f);
    }
  }
  return placements;
}

cv::Rect crop_of(const VideoPart& video, const StreamInfo& info) {
  const cv::Rect whole(0, 0, int(info.width), int(info.height));
  if (!video.crop) return whole;
  const cv::Rect crop(int(video.crop->x), int(video.crop->y), int(video.crop->width),
                      int(video.crop->height));
  if ((crop & whole) != crop || crop.empty()) {
    throw UnusableClip(
        "changed",
        fmt::format("it is {}x{}, and the manifest's crop lies outside", info.width, info.height),
        "filter again");
  }
  return crop;
}

// Frames by their number in the part, from the stream to their places.
void decode_placed(VideoStream& stream, const VideoPart& video, const ClipSettings& settings,
                   int64_t frames, const std::map<int64_t, std::vector<Placement>>& placements,
                   DecodedClips& decoded) {
  const StreamInfo& info = stream.info();
  const cv::Size size(int(info.width), int(info.height));
  const cv::Rect crop = crop_of(video, info);
  const Bucket& bucket = decoded.bucket =
      settings.sizes.nearest(crop.height, crop.width * info.pixel_aspect);
  decoded.bucket.frames = frames;
  for (at::Tensor& clip : decoded.clips) {
    clip = at::empty({frames, bucket.height, bucket.width, 3}, at::kByte);
  }
  const int64_t last = placements.rbegin()->first;
  int64_t index = 0;
  for (bool has_frame = stream.next_at(video.start_s); has_frame; has_frame = stream.next()) {
    if (!is_in(video, stream.time_s())) continue;
    if (const auto placed = placements.find(index); placed != placements.end()) {
      const at::Tensor frame = resize_and_crop(rgb_tensor(stream.bgr(size)(crop)), bucket.height,
                                               bucket.width, info.pixel_aspect);
      for (const auto& [clip, f] : placed->second) {
        auto* const clip_bytes = static_cast<uint8_t*>(decoded.clips[clip].data_ptr());
        std::memcpy(clip_bytes + size_t(f) * frame.nbytes(), frame.data_ptr(), frame.nbytes());
      }
    }
    if (++index > last) return;
  }
  throw UnusableClip("cannot decode", fmt::format("frame {} is damaged", index), kReencode);
}

}  // namespace

DecodedClips read_video(const VideoPart& video, const ClipSettings& settings) {
  const FrameTimes times = read_frame_times(video);
  const auto chosen = nearest_frames(times.seconds, times.fps, settings.fps);
  const auto available = static_cast<int64_t>(chosen.size());
  int64_t frames = settings.frames;
  for (const int64_t shorter : settings.shorter_frames) {
    if (available < frames) frames = shorter;
  }
  if (available < frames) {
    throw UnusableClip("too short",
                       fmt::format("{} of {} frames at {:g} fps ({:.2f} s)", available, frames,
                                   settings.fps, static_cast<double>(available) / settings.fps),
                       "lower frames or fps");
  }
  const auto starts = window_starts(available, frames, settings.clips_per_video);
  const auto placements = place_frames(chosen, starts, frames);
  DecodedClips decoded;
  decoded.retiming = {times.fps, static_cast<int64_t>(times.seconds.size()),
                      static_cast<int64_t>(placements.size())};
  decoded.clips.resize(starts.size());
  decode_placed(*open_stream(video), video, settings, frames, placements, decoded);
  return decoded;
}

DecodedClips read_image(const fs::path& image, const SizeTable& sizes) {
  check_media_file(image, /*expect_image=*/true);
  silence_decoders();
  const cv::Mat bgr = cv::imread(image.string(), cv::IMREAD_COLOR);
  if (bgr.empty()) {
    throw UnusableClip("cannot decode", "OpenCV cannot read it", "convert it to JPEG or PNG");
  }
  const Bucket size = sizes.nearest(bgr.rows, bgr.cols);
  DecodedClips decoded;
  decoded.bucket = {size.height, size.width, 1};
  decoded.clips.push_back(resize_and_crop(rgb_tensor(bgr), size.height, size.width).unsqueeze(0));
  decoded.retiming = {0, 1, 1};
  return decoded;
}

#else
DecodedClips read_video(const VideoPart&, const ClipSettings&) { throw_no_video_io(); }
DecodedClips read_image(const fs::path&, const SizeTable&) { throw_no_video_io(); }
#endif

}  // namespace sana::data
