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
#include <cstdlib>
#include <cstring>
#include <map>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <opencv2/videoio/registry.hpp>
#include <utility>
#endif

namespace sana::data {
namespace fs = std::filesystem;

void throw_no_video_io() {
  throw EnvironmentError(
      "this build of sana-video cannot decode clips: it was configured without OpenCV. Install "
      "libopencv-dev and configure again, or decode them with scripts/decode_clips.py and give the "
      "data set that it writes as `source`.");
}

#if SANA_HAS_VIDEO_IO
namespace {

constexpr const char* kReencode = "re-encode it, for example with ffmpeg to H.264";

// Damaged files are reported by us, once, instead of line by line by the decoders.
void silence_decoders() {
  static const bool is_silent = [] {
    ::setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", /*overwrite=*/0);
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    return true;
  }();
  static_cast<void>(is_silent);
}

cv::VideoCapture open_capture(const fs::path& video) {
  const MediaType type = check_media_file(video, /*expect_image=*/false);
  silence_decoders();
  // Other back ends would take the name of a damaged file for a pattern of image names.
  const int back_end =
      cv::videoio_registry::hasBackend(cv::CAP_FFMPEG) ? cv::CAP_FFMPEG : cv::CAP_ANY;
  cv::VideoCapture capture;
  bool is_open = false;
  try {
    is_open = capture.open(video.string(), back_end);
  } catch (const cv::Exception&) {  // some back ends throw instead of declining
  }
  if (!is_open && type == MediaType::kUnknown) throw_wrong_type(video, type);
  if (!is_open) throw UnusableClip("cannot decode", "OpenCV cannot open it as a video", kReencode);
  capture.set(cv::CAP_PROP_ORIENTATION_AUTO, 1);
  return capture;
}

bool is_increasing(const std::vector<double>& times) {
  return std::adjacent_find(times.begin(), times.end(), std::greater_equal<>()) == times.end();
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

double pixel_aspect_of(const cv::VideoCapture& capture) {
  const double numerator = capture.get(cv::CAP_PROP_SAR_NUM);
  const double denominator = capture.get(cv::CAP_PROP_SAR_DEN);
  return numerator > 0 && denominator > 0 ? numerator / denominator : 1.0;
}

void decode_placed(cv::VideoCapture& capture, const ClipSettings& settings,
                   const std::map<int64_t, std::vector<Placement>>& placements, size_t num_clips,
                   DecodedClips& decoded) {
  const double aspect = pixel_aspect_of(capture);
  const int64_t last = placements.rbegin()->first;
  cv::Mat bgr;
  for (int64_t index = 0; index <= last; ++index) {
    const auto placed = placements.find(index);
    const bool is_read = capture.grab() && (placed == placements.end() || capture.retrieve(bgr));
    if (!is_read) {
      throw UnusableClip("cannot decode", fmt::format("frame {} is damaged", index), kReencode);
    }
    if (placed == placements.end()) continue;
    if (decoded.clips.empty()) {
      const Bucket size = nearest_size(settings.sizes, bgr.rows, bgr.cols * aspect);
      decoded.bucket = {size.height, size.width, settings.frames};
      for (size_t clip = 0; clip < num_clips; ++clip) {
        decoded.clips.push_back(
            at::empty({settings.frames, size.height, size.width, 3}, at::kByte));
      }
    }
    const at::Tensor frame =
        resize_and_crop(rgb_tensor(bgr), decoded.bucket.height, decoded.bucket.width, aspect);
    for (const auto& [clip, f] : placed->second) {
      auto* const clip_bytes = static_cast<uint8_t*>(decoded.clips[clip].data_ptr());
      std::memcpy(clip_bytes + static_cast<size_t>(f) * frame.nbytes(), frame.data_ptr(),
                  frame.nbytes());
    }
  }
}

}  // namespace

FrameTimes read_frame_times(const fs::path& video) {
  cv::VideoCapture capture = open_capture(video);
  FrameTimes times;
  while (capture.grab()) times.seconds.push_back(capture.get(cv::CAP_PROP_POS_MSEC) / 1000);
  if (times.seconds.empty()) {
    throw UnusableClip("cannot decode", "no frame could be decoded", kReencode);
  }
  const auto count = static_cast<double>(times.seconds.size());
  const double announced = capture.get(cv::CAP_PROP_FRAME_COUNT);
  // Half: some containers only estimate the number, and cuts without re-encoding hide frames.
  if (count < 0.5 * announced) {
    throw UnusableClip(
        "truncated",
        fmt::format("{} of {:.0f} announced frames could be decoded", count, announced),
        "copy the file again");
  }
  times.fps = capture.get(cv::CAP_PROP_FPS);
  if (!is_increasing(times.seconds)) {
    if (!(times.fps > 0)) {
      throw UnusableClip("cannot decode", "it has no usable timestamps", kReencode);
    }
    for (size_t i = 0; i < times.seconds.size(); ++i) {
      times.seconds[i] = static_cast<double>(i) / times.fps;
    }
  }
  if (count > 1) times.fps = (count - 1) / (times.seconds.back() - times.seconds.front());
  if (!(times.fps > 0)) times.fps = 1;  // one frame without a rate
  return times;
}

DecodedClips read_video(const fs::path& video, const ClipSettings& settings) {
  const FrameTimes times = read_frame_times(video);
  const auto chosen = nearest_frames(times.seconds, times.fps, settings.fps);
  const auto available = static_cast<int64_t>(chosen.size());
  if (available < settings.frames) {
    throw UnusableClip(
        "too short",
        fmt::format("{} of {} frames at {:g} fps ({:.2f} s)", available, settings.frames,
                    settings.fps, static_cast<double>(available) / settings.fps),
        "lower frames or fps");
  }
  const auto starts = window_starts(available, settings.frames, settings.clips_per_video);
  const auto placements = place_frames(chosen, starts, settings.frames);
  DecodedClips decoded;
  decoded.retiming = {times.fps, static_cast<int64_t>(times.seconds.size()),
                      static_cast<int64_t>(placements.size())};
  cv::VideoCapture capture = open_capture(video);
  decode_placed(capture, settings, placements, starts.size(), decoded);
  return decoded;
}

DecodedClips read_image(const fs::path& image, const std::vector<Bucket>& sizes) {
  check_media_file(image, /*expect_image=*/true);
  silence_decoders();
  const cv::Mat bgr = cv::imread(image.string(), cv::IMREAD_COLOR);
  if (bgr.empty()) {
    throw UnusableClip("cannot decode", "OpenCV cannot read it", "convert it to JPEG or PNG");
  }
  const Bucket size = nearest_size(sizes, bgr.rows, bgr.cols);
  DecodedClips decoded;
  decoded.bucket = {size.height, size.width, 1};
  decoded.clips.push_back(resize_and_crop(rgb_tensor(bgr), size.height, size.width).unsqueeze(0));
  decoded.retiming = {0, 1, 1};
  return decoded;
}

#else
FrameTimes read_frame_times(const fs::path&) { throw_no_video_io(); }
DecodedClips read_video(const fs::path&, const ClipSettings&) { throw_no_video_io(); }
DecodedClips read_image(const fs::path&, const std::vector<Bucket>&) { throw_no_video_io(); }
#endif

}  // namespace sana::data
