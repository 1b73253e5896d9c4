// Watches a video while it is decoded: traces of all frames, and closer looks at some.
#pragma once
#include "filter/config/measure_config.h"
#include "filter/measure/observations.h"
#include "filter/scores/motion.h"
#include "media/decode/video_stream.h"

namespace sana::filter {

// Decodes the stream to its end; throws Stopped when a signal asks to stop. `meter` is only borrowed, so that its buffers serve many videos.
Observations observe(media::VideoStream& stream, const MeasureConfig& config, MotionMeter& meter);

}  // namespace sana::filter
