#include "filter/measure/video_meter.h"

#include <malloc.h>

#include <opencv2/core/utility.hpp>

#include "core/error.h"
#include "filter/measure/observer.h"
#include "filter/measure/shot_finder.h"
#include "filter/measure/shot_scores.h"
#include "media/decode/video_stream.h"
#include "media/unusable.h"

namespace sana::filter {
namespace {

double step_of(const std::vector<FrameTrace>& frames, double fps) {
  if (frames.size() > 1) {
    return (frames.back().time_s - frames.front().time_s) / double(frames.size() - 1);
  }
  return fps > 0 ? 1 / fps : 1.0 / 25;
}

}  // namespace

void prepare_to_measure() {
  cv::setNumThreads(1);
  constexpr int kKeptBytes = 64 << 20;
  ::mallopt(M_MMAP_THRESHOLD, kKeptBytes);
  ::mallopt(M_TRIM_THRESHOLD, kKeptBytes);
}

VideoMeter::VideoMeter(const ShotConfig& shots, const MeasureConfig& measure,
                       const std::vector<LearnedScoreConfig>& learned)
    : shots_(shots), measure_(measure) {
  for (const LearnedScoreConfig& config : learned) learned_.emplace_back(config);
}

VideoRecord VideoMeter::measure(const VideoFile& file, const TakeThumbnail& take) {
  VideoRecord record;
  record.file = file;
  record.problem = file.problem;
  if (record.problem) return record;
  try {
    measure_usable(record, take);
  } catch (const media::UnusableClip& unusable) {
    record.shots.clear();
    record.problem = unusable.record(file.id);
  } catch (const cv::Exception& error) {
    // OpenCV gives up on pictures of absurd shapes, such as 1 x 8000.
    record.shots.clear();
    record.problem = media::UnusedClip{file.id, "cannot be measured", error.err, media::kReencode};
  }
  return record;
}

void VideoMeter::measure_usable(VideoRecord& record, const TakeThumbnail& take) {
  const auto bytes = data::open_bytes(record.file.place);
  const std::string& name = record.file.place.name();
  media::VideoStream stream(bytes, name);
  const Observations seen = observe(stream, measure_, motion_);
  stream.check_decoded(/*is_whole=*/true);
  const media::StreamInfo& info = stream.info();
  const double step_s = step_of(seen.frames, info.fps);
  record.codec = info.codec;
  record.pixel_format = info.pixel_format;
  record.width = info.width;
  record.height = info.height;
  record.fps = 1 / step_s;
  record.seconds = seen.frames.back().time_s + step_s;
  for (const FrameRange& range : find_shots(seen.frames, step_s, shots_)) {
    MeasuredShot shot = score_shot(seen, range, step_s, info, bytes->size());
    take(record.shots.size(), shot.jpeg);
    record.shots.push_back(std::move(shot.record));
  }
  if (record.shots.empty()) {
    throw media::UnusableClip("nothing to see", "it is black or of one colour throughout",
                              "leave it out");
  }
  if (learned_.empty()) return;
  media::VideoStream searched(bytes, name);
  for (ShotRecord& shot : record.shots) {
    for (LearnedScore& learned : learned_) {
      shot.scores[learned.name()] = learned.score(searched, shot);
    }
  }
}

}  // namespace sana::filter
