// From the traces of a video's frames to its shots.
#pragma once
#include <cstdint>
#include <vector>

#include "filter/config/shot_config.h"
#include "filter/measure/dissolve.h"
#include "filter/measure/frame_trace.h"

namespace sana::filter {

// Indices of frames that begin after a cut, increasing. A cut changes the content by at least
// min_change and by cut_ratio times what the frames around it do; a strong one may stand out less,
// since the scene before or after it may be full of motion. A flash, after which the picture is
// what it was before, is none. `step_s`: seconds from frame to frame.
std::vector<int64_t> find_cuts(const std::vector<FrameTrace>& frames, double step_s,
                               const ShotConfig& config);

// Shots in order: between cuts, dissolves and empty frames, without the ramps of fades, and without
// trim_s on both sides of a cut or dissolve; a shot that trimming would leave nothing of is left
// out. The start and end of the video are not trimmed, unless it fades in or out there.
std::vector<FrameRange> find_shots(const std::vector<FrameTrace>& frames, double step_s,
                                   const ShotConfig& config);

}  // namespace sana::filter
