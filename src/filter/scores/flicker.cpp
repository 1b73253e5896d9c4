#include "filter/scores/flicker.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace sana::filter {
namespace {

// Share of the time that counts; the rest may be flashes.
constexpr double kKept = 0.75;

// Frames whose bends are averaged before the flashes are left out, so that an oscillation counts as
// much where it passes the middle as at its crests.
constexpr size_t kWindow = 4;

// How far frames lie from the middle between the frames `step` before and after: mean without the
// worst parts of the shot.
double mean_bend(const std::vector<double>& levels, size_t step) {
  std::vector<double> bends;
  for (size_t i = step; i + step < levels.size(); ++i) {
    bends.push_back(std::abs(levels[i] - 0.5 * (levels[i - step] + levels[i + step])));
  }
  const size_t window = std::min(kWindow, bends.size());
  std::vector<double> means;
  for (size_t i = 0; i + window <= bends.size(); ++i) {
    const auto first = bends.begin() + std::ptrdiff_t(i);
    means.push_back(std::accumulate(first, first + std::ptrdiff_t(window), 0.0) / double(window));
  }
  std::sort(means.begin(), means.end());
  means.resize(std::max<size_t>(1, size_t(kKept * double(means.size()))));
  return std::accumulate(means.begin(), means.end(), 0.0) / double(means.size());
}

}  // namespace

double flicker(const std::vector<double>& mean_luma) {
  if (mean_luma.size() < 5) return 0.0;
  return std::max(mean_bend(mean_luma, 1), mean_bend(mean_luma, 2));
}

}  // namespace sana::filter
