// What is seen of a video while it is decoded, before its shots are known.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "filter/measure/frame_trace.h"
#include "filter/scores/borders.h"
#include "filter/scores/colour.h"
#include "filter/scores/sharpness.h"

namespace sana::filter {

// A pair of pictures 1/16 s apart.
struct MotionObservation {
  double from_s = 0, to_s = 0;
  double motion = 0;        // px at 576x320 per 1/16 s
  double camera_share = 0;  // 0..1
  double luma_motion = 0;   // levels per 1/16 s
};

// A picture at full size.
struct PictureObservation {
  double time_s = 0;
  Sharpness sharpness;
  Colour colour;
  BorderMeter borders;  // which has looked at this picture
  double contrast = 0;  // standard deviation of its luma
  double text = 0;
  uint64_t hash = 0;
  std::string jpeg;  // small
};

struct Observations {
  std::vector<FrameTrace> frames;
  std::vector<MotionObservation> motions;
  std::vector<PictureObservation> pictures;
};

}  // namespace sana::filter
