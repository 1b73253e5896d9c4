#include "data/clips/bucket.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/error.h"

namespace sana::data {
namespace {

// Splits "a x b x c"; an empty list when a part is not a positive number.
std::vector<int64_t> parse_sides(const std::string& text) {
  std::vector<int64_t> sides;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    int64_t side = 0;
    const auto [next, error] = std::from_chars(at, end, side);
    if (error != std::errc() || side <= 0) return {};
    sides.push_back(side);
    if (next == end) return sides;
    if (*next != 'x') return {};
    at = next + 1;
  }
}

std::vector<Bucket> generate_sizes(const BucketConfig& config) {
  std::vector<Bucket> sizes;
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

std::string to_string(const Bucket& bucket) {
  return fmt::format("{}x{}x{}", bucket.height, bucket.width, bucket.frames);
}

Bucket parse_bucket(const std::string& text) {
  const auto sides = parse_sides(text);
  require(sides.size() == 2 || sides.size() == 3,
          "'{}' is not a size; expected height x width, such as 128x224", text);
  return {sides[0], sides[1], sides.size() == 3 ? sides[2] : 0};
}

void BucketConfig::validate(config::Problems& problems) const {
  if (!table.empty()) {
    if (!sizes.empty())
      problems.add("sizes", "are given, but table is " + table + ": use one of them");
    return;
  }
  for (const std::string& size : sizes) {
    if (parse_sides(size).size() == 2) continue;
    problems.add("sizes", "'" + size + "' is not height x width, such as 128x224");
  }
  if (sizes.empty() && generate_sizes(*this).empty()) {
    problems.add("base_size", fmt::format("({}) gives no size of multiples of {}; raise base_size "
                                          "or lower multiple",
                                          base_size, multiple));
  }
}

SizeTable::SizeTable(std::vector<Bucket> sizes) : sizes_(std::move(sizes)) {
  SANA_ASSERT(!sizes_.empty());
  std::sort(sizes_.begin(), sizes_.end());
  sizes_.erase(std::unique(sizes_.begin(), sizes_.end()), sizes_.end());
}

SizeTable::SizeTable(std::vector<AspectRatioBin> bins) : bins_(std::move(bins)) {
  SANA_ASSERT(!bins_.empty());
  for (const AspectRatioBin& bin : bins_) sizes_.push_back({bin.height, bin.width, 0});
}

Bucket SizeTable::nearest(double height, double width) const {
  if (!bins_.empty()) {
    const AspectRatioBin& bin = nearest_bin(bins_, height, width);
    return {bin.height, bin.width, 0};
  }
  const auto distance = [&](const Bucket& size) {
    const double ratio = static_cast<double>(size.height) / static_cast<double>(size.width);
    return std::abs(std::log(ratio) - std::log(height / width));
  };
  return *std::min_element(sizes_.begin(), sizes_.end(), [&](const Bucket& a, const Bucket& b) {
    return distance(a) < distance(b);
  });
}

SizeTable make_sizes(const BucketConfig& config) {
  if (!config.table.empty()) return SizeTable(stage_bins(config.table));
  std::vector<Bucket> sizes;
  for (const std::string& size : config.sizes) {
    const Bucket bucket = parse_bucket(size);
    sizes.push_back({bucket.height, bucket.width, 0});
  }
  if (sizes.empty()) sizes = generate_sizes(config);
  require(!sizes.empty(), "base_size {} gives no size of multiples of {}", config.base_size,
          config.multiple);
  return SizeTable(std::move(sizes));
}

}  // namespace sana::data
