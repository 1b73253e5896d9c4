// Dissolves: one scene fades into the next.
#pragma once
#include <cstdint>
#include <vector>

#include "filter/measure/frame_trace.h"

namespace sana::filter {

// Frames first..last, both included.
struct FrameRange {
  int64_t first = 0, last = 0;
  int64_t size() const { return last - first + 1; }
};

// Stretches of 0.3 to 2 s in which every picture is a blend of the first and the last one, which
// differ, while the pictures before and after hardly change. A pan is no blend, and a change of
// light leaves the scene what it is. In order, none overlapping. `step_s`: seconds from frame to
// frame.
std::vector<FrameRange> find_dissolves(const std::vector<FrameTrace>& frames, double step_s);

}  // namespace sana::filter
