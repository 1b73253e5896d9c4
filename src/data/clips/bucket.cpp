#include "data/clips/bucket.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"

namespace sana::data {
namespace {

std::vector<ClipSize> generate_sizes(const BucketConfig& config) {
  std::vector<ClipSize> sizes;
  const double area = static_cast<double>(config.base_size * config.base_size);
  const double limit = static_cast<double>(config.base_size) * config.max_ratio;
  for (int64_t width = config.multiple; width < limit + static_cast<double>(config.multiple);
       width += config.multiple) {
    const double rows = area / static_cast<double>(width * config.multiple);
    const int64_t height = static_cast<int64_t>(std::floor(rows + 0.5)) * config.multiple;
    if (height == 0) continue;
    const double ratio = static_cast<double>(height) / static_cast<double>(width);
    if (ratio <= config.max_ratio && ratio >= 1.0 / config.max_ratio) {
      sizes.push_back({height, width, 0});
    }
  }
  return sizes;
}

}  // namespace

void BucketConfig::validate(config::Problems& problems) const {
  if (!table.empty()) {
    if (!sizes.empty())
      problems.add("sizes", "are given, but table is " + table + ": use one of them");
    return;
  }
  for (const std::string& size : sizes) {
    const auto parsed = try_parse_clip_size(size);
    if (parsed && parsed->frames == 0) continue;
    problems.add("sizes", "'" + size + "' is not height x width, such as 128x224");
  }
  if (sizes.empty() && generate_sizes(*this).empty()) {
    problems.add("base_size", fmt::format("({}) gives no size of multiples of {}; raise base_size "
                                          "or lower multiple",
                                          base_size, multiple));
  }
}

SizeTable::SizeTable(std::vector<ClipSize> sizes) : sizes_(std::move(sizes)) {
  SANA_ASSERT(!sizes_.empty());
  std::sort(sizes_.begin(), sizes_.end());
  sizes_.erase(std::unique(sizes_.begin(), sizes_.end()), sizes_.end());
}

SizeTable::SizeTable(std::vector<AspectRatioBin> bins) : bins_(std::move(bins)) {
  SANA_ASSERT(!bins_.empty());
  for (const AspectRatioBin& bin : bins_) sizes_.push_back(bin.size);
}

ClipSize SizeTable::nearest(double height, double width) const {
  if (!bins_.empty()) return nearest_bin(bins_, height, width).size;
  const auto distance = [&](const ClipSize& size) {
    const double ratio = static_cast<double>(size.height) / static_cast<double>(size.width);
    return std::abs(std::log(ratio) - std::log(height / width));
  };
  return *std::min_element(sizes_.begin(), sizes_.end(), [&](const ClipSize& a, const ClipSize& b) {
    return distance(a) < distance(b);
  });
}

SizeTable make_sizes(const BucketConfig& config) {
  if (!config.table.empty()) return SizeTable(stage_bins(config.table));
  std::vector<ClipSize> sizes;
  for (const std::string& size : config.sizes) {
    const ClipSize parsed = parse_clip_size(size);
    sizes.push_back({parsed.height, parsed.width, 0});
  }
  if (sizes.empty()) sizes = generate_sizes(config);
  require(!sizes.empty(), "base_size {} gives no size of multiples of {}", config.base_size,
          config.multiple);
  return SizeTable(std::move(sizes));
}

}  // namespace sana::data
