// Watches a video while it is decoded: traces of all frames, and closer looks at some.
#pragma once
#include "data/media/video_stream.h"
#include "filter/measure/observations.h"
#include "filter/measure_config.h"
#include "filter/scores/motion.h"

namespace sana::filter {

// Decodes the stream to its end. `meter` is only borrowed, so that its buffers serve many videos.
Observations observe(data::VideoStream& stream, const MeasureConfig& config, MotionMeter& meter);

}  // namespace sana::filter
