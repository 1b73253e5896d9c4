#include "filter/report/histogram.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

namespace sana::filter {
namespace {

double quantile(const std::vector<double>& sorted, double share) {
  return sorted[size_t(std::lround(share * double(sorted.size() - 1)))];
}

}  // namespace

nlohmann::ordered_json histogram(const std::vector<double>& sorted, int64_t bars) {
  std::vector<double> edges;
  std::vector<int64_t> counts;
  int64_t below = 0, above = 0;
  if (!sorted.empty()) {
    const double low = quantile(sorted, 0.005), high = quantile(sorted, 0.995);
    if (low == high) bars = 1;
    for (int64_t k = 0; k <= bars; ++k) {
      edges.push_back(low + (high - low) * double(k) / double(bars));
    }
    counts.resize(size_t(bars));
    for (const double value : sorted) {
      if (value < low) {
        ++below;
      } else if (value > high) {
        ++above;
      } else {
        const auto bar = high > low ? int64_t((value - low) / (high - low) * double(bars)) : 0;
        ++counts[size_t(std::min(bar, bars - 1))];
      }
    }
  }
  return {{"edges", edges}, {"counts", counts}, {"below", below}, {"above", above}};
}

nlohmann::ordered_json quantiles(const std::vector<double>& sorted) {
  auto json = nlohmann::ordered_json::object();
  if (sorted.empty()) return json;
  for (const double share : {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99}) {
    json[fmt::format("{:g}", share)] = quantile(sorted, share);
  }
  return json;
}

}  // namespace sana::filter
