#include "data/clips/video_reader.h"

#include "core/build_config.h"
#include "core/error.h"
#include "data/clips/bucket.h"
#include "media/bytes/media_type.h"
#include "media/no_video_io.h"
#include "media/picture/resize_and_crop_frame.h"
#include "media/unusable.h"

#if SANA_HAS_VIDEO_IO
#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "data/clips/clip_plan.h"
#include "data/clips/place_stream.h"
#endif

namespace sana::data {
namespace fs = std::filesystem;

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

// OpenCV says of a picture that it does not take nothing, or throws.
cv::Mat decode_image(const media::ByteSource& source) {
  silence_decoders();
  std::vector<char> bytes(size_t(source.size()));
  cv::Mat bgr;
  try {
    bytes.resize(size_t(source.read(0, bytes.data(), source.size())));
    bgr = cv::imdecode(bytes, cv::IMREAD_COLOR);
  } catch (const cv::Exception&) {
  }
  if (bgr.empty()) {
    throw media::UnusableClip("cannot decode", "OpenCV cannot read it",
                              "convert it to JPEG or PNG");
  }
  return bgr;
}

// Where a frame of the source goes: (clip, frame in it).
using Placement = std::pair<size_t, int64_t>;

std::map<int64_t, std::vector<Placement>> place_frames(const ChosenFrames& chosen) {
  std::map<int64_t, std::vector<Placement>> placements;
  for (size_t clip = 0; clip < chosen.starts.size(); ++clip) {
    for (int64_t f = 0; f < chosen.length; ++f) {
      placements[chosen.frames[static_cast<size_t>(chosen.starts[clip] + f)]].emplace_back(clip, f);
    }
  }
  return placements;
}

// Frames by their number in the part, from the stream to their places.
void decode_placed(media::VideoStream& stream, const Place& video, const ClipSettings& settings,
                   int64_t frames, const std::map<int64_t, std::vector<Placement>>& placements,
                   DecodedClips& decoded) {
  const media::StreamInfo& info = stream.info();
  const cv::Rect crop = crop_of(video, info);
  const ClipSize& bucket = decoded.bucket =
      settings.sizes.nearest(crop.height, crop.width * info.pixel_aspect);
  decoded.bucket.frames = frames;
  for (at::Tensor& clip : decoded.clips) {
    clip = at::empty({frames, bucket.height, bucket.width, 3}, at::kByte);
  }
  const int64_t last = placements.rbegin()->first;
  int64_t index = 0;
  for (bool has_frame = stream.next_at(video.start_s); has_frame; has_frame = stream.next()) {
    if (!is_in_window(video, stream.time_s())) continue;
    if (const auto placed = placements.find(index); placed != placements.end()) {
      const at::Tensor frame = sized_frame(stream, crop, bucket);
      for (const auto& [clip, f] : placed->second) {
        auto* const clip_bytes = static_cast<uint8_t*>(decoded.clips[clip].data_ptr());
        std::memcpy(clip_bytes + size_t(f) * frame.nbytes(), frame.data_ptr(), frame.nbytes());
      }
    }
    if (++index > last) return;
  }
  throw media::UnusableClip("cannot decode", fmt::format("frame {} is damaged", index),
                            media::kReencode);
}

}  // namespace

DecodedClips read_video(const Place& video, const ClipSettings& settings) {
  const auto bytes = open_bytes(video);
  const FrameTimes times = decode_frame_times(*open_stream(video, bytes), video);
  const ChosenFrames chosen = choose_frames(times.seconds, times.fps, settings);
  const auto placements = place_frames(chosen);
  DecodedClips decoded;
  decoded.retiming = {times.fps, static_cast<int64_t>(times.seconds.size()),
                      static_cast<int64_t>(placements.size())};
  decoded.clips.resize(chosen.starts.size());
  decode_placed(*open_stream(video, bytes), video, settings, chosen.length, placements, decoded);
  return decoded;
}

DecodedClips read_image(const Place& image, const SizeTable& sizes) {
  const auto bytes = open_bytes(image);
  media::check_media(*bytes, image.name(), /*expect_image=*/true);
  const cv::Mat bgr = decode_image(*bytes);
  const ClipSize size = sizes.nearest(bgr.rows, bgr.cols);
  DecodedClips decoded;
  decoded.bucket = {size.height, size.width, 1};
  decoded.clips.push_back(
      media::resize_and_crop_frame(rgb_tensor(bgr), size.height, size.width).unsqueeze(0));
  decoded.retiming = {0, 1, 1};
  return decoded;
}

#else
DecodedClips read_video(const Place&, const ClipSettings&) { media::throw_no_video_io(); }
DecodedClips read_image(const Place&, const SizeTable&) { media::throw_no_video_io(); }
#endif

DecodedClips read_image(const fs::path& image, const SizeTable& sizes) {
  return read_image(Place::whole(image), sizes);
}

}  // namespace sana::data
