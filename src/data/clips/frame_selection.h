// Which frames of a video are kept: retiming by nearest timestamps, and windows of a long video.
#pragma once
#include <cstdint>
#include <vector>

namespace sana::data {

// For each instant t_k = times[0] + k / fps that the video covers (up to half a frame past the last
// one), the index of the frame whose time is nearest; the earlier of two equally near. `times` are
// in seconds and strictly increasing; source_fps is the average rate. A slow source repeats frames.
std::vector<int64_t> nearest_frames(const std::vector<double>& times, double source_fps,
                                    double fps);

// First positions of up to `wanted` windows of `frames` among `available`, which do not overlap and
// leave equal gaps before, between and after; a single window lies in the middle.
std::vector<int64_t> window_starts(int64_t available, int64_t frames, int64_t wanted);

}  // namespace sana::data
