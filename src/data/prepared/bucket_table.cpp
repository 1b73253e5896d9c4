#include "data/prepared/bucket_table.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <map>
#include <utility>

namespace sana::data {

std::string bucket_table(const std::vector<SampleRecord>& samples) {
  std::map<ClipSize, int64_t> counts;
  for (const SampleRecord& sample : samples) ++counts[sample.bucket];
  std::vector<std::pair<ClipSize, int64_t>> rows(counts.begin(), counts.end());
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text = fmt::format("buckets (height x width):\n  {:>9}  {:>6}  {:>12}  {:>9}  {:>7}",
                                 "size", "frames", "height/width", "samples", "share");
  for (const auto& [bucket, count] : rows) {
    text += fmt::format("\n  {:>9}  {:>6}  {:>12.2f}  {:>9}  {:>5.1f} %",
                        fmt::format("{}x{}", bucket.height, bucket.width), bucket.frames,
                        double(bucket.height) / double(bucket.width), count,
                        100.0 * double(count) / double(samples.size()));
  }
  return text;
}

}  // namespace sana::data
