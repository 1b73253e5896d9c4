// From what was seen of a video to the scores of one of its shots.
#pragma once
#include "filter/measure/dissolve.h"
#include "filter/measure/observations.h"
#include "filter/record/video_record.h"
#include "media/decode/video_stream.h"

namespace sana::filter {

struct MeasuredShot {
  ShotRecord record;
  std::string jpeg;  // of the picture nearest to its middle
};

// `range`: frames of the shot; `step_s`: mean seconds from frame to frame. Every score of
// score_table.h but "copy", which needs the whole set; motion is missing in a shot of one frame.
MeasuredShot score_shot(const Observations& seen, const FrameRange& range, double step_s,
                        const media::StreamInfo& info, int64_t file_bytes);

}  // namespace sana::filter
