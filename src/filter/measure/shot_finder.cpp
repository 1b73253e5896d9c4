#include "filter/measure/shot_finder.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace sana::filter {
namespace {

// Even a cut between alike pictures moves the thumbnail by this much.
constexpr double kLeastCutJump = 4;
// A change of this size needs to stand out less: twice the quieter side, a little from the busier.
constexpr double kStrongChange = 35, kQuietRatio = 2, kBusyRatio = 1.3;
// A picture that comes back within this time was interrupted by a flash.
constexpr double kFlashSeconds = 0.4;
// It has come back when it differs from what it was by less than this share of the jump, and by
// less than this many levels: any two scenes differ less than a white flash from each.
constexpr double kFlashReturn = 0.4;
constexpr double kFlashReturnLevels = 20;
// Deviation rises in a fade by at least this factor, or by this many levels, over kRampStepSeconds;
// and no fade is longer than this.
constexpr double kRampGrowth = 1.05;
constexpr double kRampLevels = 1.2;
constexpr double kRampStepSeconds = 0.2;
constexpr double kMaxRampSeconds = 5.0;
// Times flat_deviation, at the very start or end of a video.
constexpr double kNearlyFlat = 4;

int64_t frames_in(double seconds, double step_s, int64_t least) {
  return std::max(least, int64_t(std::lround(seconds / step_s)));
}

// Mean of the stronger half of the changes of frames first..last, so that repeated frames, which do
// not change, do not lower it; 0 when there are none.
double busy_change(const std::vector<FrameTrace>& frames, int64_t first, int64_t last) {
  std::vector<double> changes;
  for (int64_t i = std::max<int64_t>(1, first); i <= last && i < int64_t(frames.size()); ++i) {
    changes.push_back(double(frames[size_t(i)].change));
  }
  if (changes.empty()) return 0;
  std::sort(changes.begin(), changes.end(), std::greater<>());
  const size_t half = (changes.size() + 1) / 2;
  return std::accumulate(changes.begin(), changes.begin() + std::ptrdiff_t(half), 0.0) /
         double(half);
}

bool stands_out(const std::vector<FrameTrace>& frames, int64_t i, int64_t window,
                const ShotConfig& config) {
  const auto change = double(frames[size_t(i)].change);
  if (change < config.min_change) return false;
  if (thumbnail_distance(frames[size_t(i - 1)], frames[size_t(i)]) < kLeastCutJump) return false;
  const double before = busy_change(frames, i - window, i - 1);
  const double after = busy_change(frames, i + 1, i + window);
  const double busy = std::max(before, after);
  if (change >= config.cut_ratio * busy) return true;
  // A cut to or from a scene full of motion. Near the ends of the video one side is too short to be
  // called quiet.
  const bool has_both = i - window >= 1 && i + window < int64_t(frames.size());
  const double quiet = has_both ? std::min(before, after) : busy;
  return change >= kStrongChange && change >= kQuietRatio * quiet && change >= kBusyRatio * busy;
}

bool is_flash(const std::vector<FrameTrace>& frames, int64_t i, int64_t window) {
  const auto count = int64_t(frames.size());
  const auto& before = frames[size_t(i - 1)];
  const double near =
      std::min(kFlashReturn * thumbnail_distance(before, frames[size_t(i)]), kFlashReturnLevels);
  // Seen from the flash's first frame the old picture comes back later, from its last it was there
  // already.
  for (int64_t k = 1; k <= window; ++k) {
    const bool comes_back =
        i + k < count && thumbnail_distance(before, frames[size_t(i + k)]) < near;
    const bool was_there =
        i - 1 - k >= 0 && thumbnail_distance(frames[size_t(i)], frames[size_t(i - 1 - k)]) < near;
    if (comes_back || was_there) return true;
  }
  return false;
}

// From an empty frame outwards to the first frame that the fade does not darken or whiten any more.
// `step`: +1 or -1.
int64_t end_of_ramp(const std::vector<FrameTrace>& frames, int64_t flat, int64_t step,
                    int64_t limit, double step_s) {
  const int64_t stride = frames_in(kRampStepSeconds, step_s, 2);
  const int64_t longest = frames_in(kMaxRampSeconds, step_s, 2);
  int64_t at = flat + step;
  for (int64_t walked = 1; walked < longest && (limit - at) * step > 0; ++walked) {
    const int64_t ahead = at + step * std::min(stride, (limit - at) * step);
    const double now = double(frames[size_t(at)].deviation);
    const double growth = double(frames[size_t(ahead)].deviation) - now;
    if (growth < kRampLevels && growth < (kRampGrowth - 1) * now + 0.5) break;
    at += step;
  }
  return at;
}

// Divides 0..n-1 at cuts and empty frames.
class Divider {
 public:
  Divider(const std::vector<FrameTrace>& frames, double step_s, const ShotConfig& config)
      : frames_(frames), step_s_(step_s), config_(config) {}

  std::vector<FrameRange> divide() {
    const auto count = int64_t(frames_.size());
    // What separates shots: a cut has no frame of its own.
    std::vector<FrameRange> separators = find_dissolves(frames_, step_s_);
    for (const int64_t cut : find_cuts(frames_, step_s_, config_)) {
      separators.push_back({cut, cut - 1});
    }
    separators.push_back({count, count});
    std::sort(separators.begin(), separators.end(),
              [](const FrameRange& a, const FrameRange& b) { return a.first < b.first; });
    int64_t begin = 0;
    for (const FrameRange& separator : separators) {
      add_between(begin, separator.first - 1, begin > 0, separator.first < count);
      begin = std::max(begin, separator.last + 1);
    }
    return shots_;
  }

 private:
  bool is_flat(int64_t i) const {
    return double(frames_[size_t(i)].deviation) < config_.flat_deviation;
  }

  // A video may end before its fade does.
  bool is_nearly_flat(int64_t i) const {
    return double(frames_[size_t(i)].deviation) < kNearlyFlat * config_.flat_deviation;
  }

  // Stretches of frames first..last that are not empty.
  void add_between(int64_t first, int64_t last, bool cut_before, bool cut_after) {
    const int64_t trim = config_.trim_s > 0 ? frames_in(config_.trim_s, step_s_, 1) : 0;
    for (int64_t i = first; i <= last; ++i) {
      if (is_flat(i)) continue;
      int64_t end = i;
      while (end < last && !is_flat(end + 1)) ++end;
      FrameRange shot{i, end};
      if (i > first || (!cut_before && is_nearly_flat(i))) {
        shot.first = end_of_ramp(frames_, i - 1, 1, end, step_s_);
      } else if (cut_before) {
        shot.first += trim;
      }
      if (end < last || (!cut_after && is_nearly_flat(end))) {
        shot.last = end_of_ramp(frames_, end + 1, -1, i, step_s_);
      } else if (cut_after) {
        shot.last -= trim;
      }
      add(shot);
      i = end;
    }
  }

  void add(const FrameRange& shot) {
    if (shot.size() <= 0) return;
    const int64_t longest = config_.max_s > 0 ? frames_in(config_.max_s, step_s_, 1) : shot.size();
    const int64_t parts = (shot.size() + longest - 1) / longest;
    for (int64_t k = 0; k < parts; ++k) {
      shots_.push_back(
          {shot.first + shot.size() * k / parts, shot.first + shot.size() * (k + 1) / parts - 1});
    }
  }

  const std::vector<FrameTrace>& frames_;
  double step_s_;
  const ShotConfig& config_;
  std::vector<FrameRange> shots_;
};

}  // namespace

std::vector<int64_t> find_cuts(const std::vector<FrameTrace>& frames, double step_s,
                               const ShotConfig& config) {
  const int64_t window = frames_in(config.window_s, step_s, 2);
  const int64_t flash = frames_in(kFlashSeconds, step_s, 2);
  std::vector<int64_t> cuts;
  for (int64_t i = 1; i < int64_t(frames.size()); ++i) {
    if (stands_out(frames, i, window, config) && !is_flash(frames, i, flash)) cuts.push_back(i);
  }
  return cuts;
}

std::vector<FrameRange> find_shots(const std::vector<FrameTrace>& frames, double step_s,
                                   const ShotConfig& config) {
  return Divider(frames, step_s, config).divide();
}

}  // namespace sana::filter
