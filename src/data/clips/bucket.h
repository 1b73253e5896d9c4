// Size buckets: every clip is resized and cropped to the one whose shape is nearest to its own.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/config/checks.h"
#include "core/config/problems.h"
#include "core/geometry/aspect_ratio_bins.h"
#include "core/geometry/clip_size.h"

namespace sana::data {

struct BucketConfig {
  std::string table;
  std::vector<std::string> sizes;
  int64_t base_size = 480;
  int64_t multiple = 16;
  double max_ratio = 2.0;

  template <class Binder>
  void bind(Binder& b) {
    b.field("table", table,
            "Sizes of a public training stage: 256p, 480p or 720p. Empty: those of `sizes`.",
            config::one_of({"", "256p", "480p", "720p"}));
    b.field("sizes", sizes,
            "Sizes as height x width, such as 128x224. Empty: generated from base_size.");
    b.field("base_size", base_size, "Square root of the pixels of a generated size.",
            config::at_least<int64_t>(16));
    b.field("multiple", multiple, "Generated heights and widths are multiples of this.",
            config::at_least<int64_t>(1));
    b.field("max_ratio", max_ratio, "Longest to shortest side of generated sizes.",
            config::between(1.0, 8.0));
  }
  void validate(config::Problems& problems) const;
};

// Sizes without frames, and which of them a clip belongs to.
class SizeTable {
 public:
  // The size whose height / width is nearest on a logarithmic scale, the first of equals. `sizes`
  // is not empty; sorted, each once.
  explicit SizeTable(std::vector<ClipSize> sizes);
  // A public table and its rule: the nearest ratio as the table states it.
  explicit SizeTable(std::vector<AspectRatioBin> bins);

  const std::vector<ClipSize>& sizes() const { return sizes_; }
  ClipSize nearest(double height, double width) const;

 private:
  std::vector<ClipSize> sizes_;
  std::vector<AspectRatioBin> bins_;  // empty: no public table
};

// The sizes of a configuration. Throws UserError.
SizeTable make_sizes(const BucketConfig& config);

}  // namespace sana::data
