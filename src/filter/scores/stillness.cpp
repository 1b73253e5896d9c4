#include "filter/scores/stillness.h"

#include <algorithm>
#include <numeric>

namespace sana::filter {
namespace {

// Grey levels per pixel: frozen clips encoded anew reach 0.08 and are mostly below 0.01, static
// views by real cameras begin at about 0.1.
constexpr double kStillDifference = 0.1;
constexpr double kLeastFreezeSeconds = 0.4;
// A change to another still picture: different photographs are 20 and more apart, the key frames of
// an encoder change a still picture by less than 2.
constexpr double kSlideDifference = 4;
// How long it may take, in seconds: blending between frame rates spreads a cut over some pictures.
constexpr double kLongestCut = 0.1;

// Pairs begin..end-1.
struct Stretch {
  size_t begin;
  size_t end;
};

std::vector<Stretch> still_stretches(const std::vector<double>& differences, double fps) {
  std::vector<Stretch> stretches;
  for (size_t i = 0; i < differences.size(); ++i) {
    const size_t begin = i;
    while (i < differences.size() && differences[i] < kStillDifference) ++i;
    // 1e-6: a stretch of exactly the length counts in spite of rounding.
    if (i > begin && double(i - begin) / fps >= kLeastFreezeSeconds - 1e-6) {
      stretches.push_back({begin, i});
    }
  }
  return stretches;
}

bool is_cut_between(const Stretch& first, const Stretch& second,
                    const std::vector<double>& differences, double fps) {
  const auto begin = differences.begin() + ptrdiff_t(first.end);
  const auto end = differences.begin() + ptrdiff_t(second.begin);
  return double(end - begin) <= std::max(1.0, kLongestCut * fps) &&
         std::accumulate(begin, end, 0.0) >= kSlideDifference;
}

}  // namespace

double frame_difference(const cv::Mat& before, const cv::Mat& after) {
  if (before.empty() || after.empty()) return 0;
  // Faster than cv::norm of the two.
  cv::Mat difference;
  cv::absdiff(before, after, difference);
  return cv::mean(difference)[0];
}

Stillness measure_stillness(const std::vector<double>& differences, double fps) {
  if (differences.empty() || fps <= 0) return {};
  const std::vector<Stretch> stretches = still_stretches(differences, fps);
  const auto cut_after = [&](size_t i) {
    return i + 1 < stretches.size() &&
           is_cut_between(stretches[i], stretches[i + 1], differences, fps);
  };
  size_t frozen = 0;
  size_t slides = 0;
  for (size_t i = 0; i < stretches.size(); ++i) {
    const size_t pairs = stretches[i].end - stretches[i].begin;
    frozen += pairs;
    if (cut_after(i) || (i > 0 && cut_after(i - 1))) slides += pairs;
  }
  const auto all = double(differences.size());
  return {double(frozen) / all, double(slides) / all};
}

}  // namespace sana::filter
