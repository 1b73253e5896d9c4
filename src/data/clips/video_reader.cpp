#include "data/clips/video_reader.h"

#include "core/build_config.h"
#include "core/error.h"
#include "core/signals.h"
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
#include <utility>

#include "data/clips/clip_plan.h"
#include "data/clips/place_stream.h"
#include "media/picture/still_picture.h"
#endif

namespace sana::data {
namespace fs = std::filesystem;

#if SANA_HAS_VIDEO_IO
namespace {

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
    throw_if_stopped();
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
  const auto stream = open_stream(video, bytes);
  decoded.hdr = stream->info().hdr;
  decode_placed(*stream, video, settings, chosen.length, placements, decoded);
  return decoded;
}

DecodedClips read_image(const Place& image, const SizeTable& sizes) {
  const auto bytes = open_bytes(image);
  media::check_media(*bytes, image.name(), /*expect_image=*/true);
  const media::StillPicture picture = media::decode_still(*bytes);
  const cv::Mat& bgr = picture.bgr;
  const ClipSize size = sizes.nearest(bgr.rows, bgr.cols);
  DecodedClips decoded;
  decoded.bucket = {size.height, size.width, 1};
  decoded.clips.push_back(
      media::resize_and_crop_frame(rgb_tensor(bgr), size.height, size.width).unsqueeze(0));
  decoded.retiming = {0, 1, 1};
  decoded.hdr = picture.hdr;
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
