#include "data/clips/frame_selection.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace sana::data {

std::vector<int64_t> nearest_frames(const std::vector<double>& times, double source_fps,
                                    double fps) {
  SANA_ASSERT(!times.empty() && source_fps > 0 && fps > 0);
  const double covered = times.back() - times.front() + 0.5 / source_fps;
  const auto count = static_cast<int64_t>(std::floor(covered * fps + 1e-6)) + 1;
  std::vector<int64_t> chosen;
  chosen.reserve(static_cast<size_t>(count));
  for (int64_t k = 0; k < count; ++k) {
    const double t = times.front() + static_cast<double>(k) / fps;
    auto at = std::lower_bound(times.begin(), times.end(), t);
    // 1e-9: timestamps that are equal but for rounding count as equally near.
    if (at == times.end() || (at != times.begin() && t - *(at - 1) <= *at - t + 1e-9)) --at;
    chosen.push_back(at - times.begin());
  }
  return chosen;
}

std::vector<int64_t> window_starts(int64_t available, int64_t frames, int64_t wanted) {
  const int64_t number = std::min(wanted, available / frames);
  const int64_t rest = available - number * frames;
  std::vector<int64_t> starts;
  for (int64_t i = 0; i < number; ++i) {
    starts.push_back((i + 1) * rest / (number + 1) + i * frames);
  }
  return starts;
}

}  // namespace sana::data
