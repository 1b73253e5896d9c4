// One video to its shots and their scores.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "filter/config/learned_config.h"
#include "filter/config/measure_config.h"
#include "filter/config/shot_config.h"
#include "filter/measure/learned_score.h"
#include "filter/record/video_record.h"
#include "filter/scores/motion.h"

namespace sana::filter {

// A small JPEG of the middle of a shot, for the contact sheets of the report.
using TakeThumbnail = std::function<void(size_t shot, const std::string& jpeg)>;

// Once, before videos are measured in this process: OpenCV's own threads are left out, since each
// thread of ours measures a video, and freed pictures, some 100 KB each, stay with the process
// instead of going to the system and coming back page by page.
void prepare_to_measure();

// Measures videos one after the other; each thread needs its own.
class VideoMeter {
 public:
  // Throws UserError when a learned score's model cannot be used.
  VideoMeter(const ShotConfig& shots, const MeasureConfig& measure,
             const std::vector<LearnedScoreConfig>& learned);

  // A record without measured_with. A video that cannot be used has a problem instead of shots.
  // Throws EnvironmentError when the disk fails.
  VideoRecord measure(const VideoFile& file, const TakeThumbnail& take);

 private:
  void measure_usable(VideoRecord& record, const TakeThumbnail& take);

  ShotConfig shots_;
  MeasureConfig measure_;
  std::vector<LearnedScore> learned_;
  MotionMeter motion_;
};

}  // namespace sana::filter
