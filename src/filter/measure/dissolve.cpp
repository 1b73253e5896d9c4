#include "filter/measure/dissolve.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sana::filter {
namespace {

constexpr std::array kSeconds = {0.3, 0.5, 0.75, 1.0, 1.4, 2.0};
// The two scenes differ by at least this much, and each blend by at most this share of it from the
// straight line between them.
constexpr double kLeastDissolveJump = 12;
constexpr double kBlendError = 0.12;
// Before and after, pictures move by at most this share of the jump in a quarter of its time.
constexpr double kStability = 0.15;
// Two pictures of the same scene under different light correlate more than this.
constexpr double kSameScene = 0.75;

using Thumbnail = decltype(FrameTrace::thumbnail);

double blend_error(const Thumbnail& a, const Thumbnail& b, const Thumbnail& between, double share) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    sum += std::abs(double(between[i]) - (1 - share) * double(a[i]) - share * double(b[i]));
  }
  return sum / double(a.size());
}

double correlation(const FrameTrace& a, const FrameTrace& b) {
  const auto mean = [](const Thumbnail& t) {
    double sum = 0;
    for (const uint8_t value : t) sum += value;
    return sum / double(t.size());
  };
  const double mean_a = mean(a.thumbnail), mean_b = mean(b.thumbnail);
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.thumbnail.size(); ++i) {
    const double x = a.thumbnail[i] - mean_a, y = b.thumbnail[i] - mean_b;
    ab += x * y, aa += x * x, bb += y * y;
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

class Search {
 public:
  Search(const std::vector<FrameTrace>& frames, int64_t length)
      : frames_(frames), length_(length) {}

  // How far apart the ends of a dissolve of frames first..first+length are, or 0 when it is none.
  double strength(int64_t first) const {
    const int64_t last = first + length_, margin = std::max<int64_t>(2, length_ / 4);
    if (first < margin || last + margin >= int64_t(frames_.size())) return 0;
    const double jump = thumbnail_distance(at(first), at(last));
    if (jump < kLeastDissolveJump) return 0;
    if (thumbnail_distance(at(first - margin), at(first)) > kStability * jump ||
        thumbnail_distance(at(last), at(last + margin)) > kStability * jump) {
      return 0;
    }
    for (const double share : {0.25, 0.5, 0.75}) {
      const auto middle = first + int64_t(std::lround(share * double(length_)));
      const double exact = double(middle - first) / double(length_);
      const double error =
          blend_error(at(first).thumbnail, at(last).thumbnail, at(middle).thumbnail, exact);
      if (error > kBlendError * jump) return 0;
    }
    return correlation(at(first), at(last)) < kSameScene ? jump : 0;
  }

 private:
  const FrameTrace& at(int64_t i) const { return frames_[size_t(i)]; }

  const std::vector<FrameTrace>& frames_;
  int64_t length_;
};

struct Candidate {
  FrameRange range;
  double strength;
};

}  // namespace

std::vector<FrameRange> find_dissolves(const std::vector<FrameTrace>& frames, double step_s) {
  std::vector<Candidate> candidates;
  for (const double seconds : kSeconds) {
    const auto length = int64_t(std::lround(seconds / step_s));
    if (length < 4) continue;  // too few pictures to tell a blend from a cut
    const Search search(frames, length);
    for (int64_t first = 0; first + length < int64_t(frames.size()); ++first) {
      const double strength = search.strength(first);
      if (strength > 0) candidates.push_back({{first, first + length}, strength});
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.strength > b.strength; });
  std::vector<FrameRange> found;
  for (const Candidate& candidate : candidates) {
    const FrameRange& range = candidate.range;
    const bool is_free = std::none_of(found.begin(), found.end(), [&](const FrameRange& other) {
      return range.first <= other.last && other.first <= range.last;
    });
    if (is_free) found.push_back(range);
  }
  std::sort(found.begin(), found.end(),
            [](const FrameRange& a, const FrameRange& b) { return a.first < b.first; });
  return found;
}

}  // namespace sana::filter
