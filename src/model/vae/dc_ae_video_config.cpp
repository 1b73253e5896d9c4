#include "model/vae/dc_ae_video_config.h"

#include <spdlog/fmt/fmt.h>

namespace sana::model {
namespace {

// Pixels, or frames, that a transition folds into channels: 2 x 2 or 4.
constexpr int64_t kFold = 4;

// Convolutions fold into, and shortcuts average, whole numbers of channels.
void check_widths(config::Problems& problems, const std::vector<int64_t>& widths, size_t depths) {
  if (widths.size() < 2 || widths.size() != depths) {
    problems.add("widths", fmt::format("has {} entries and depths {}; both need the same number, "
                                       "at least 2",
                                       widths.size(), depths));
  }
  constexpr size_t kMostStages = 16;
  if (widths.size() > kMostStages) {
    return problems.add(
        "widths", fmt::format("may have at most {} entries, has {}", kMostStages, widths.size()));
  }
  for (size_t i = 0; i < widths.size(); ++i) {
    if (widths[i] < kFold || widths[i] > (1 << 16) || widths[i] % kFold != 0) {
      return problems.add("widths",
                          fmt::format("must be multiples of 4 up to 65536, got {}", widths[i]));
    }
    if (i > 0 && kFold * widths[i - 1] % widths[i] != 0) {
      problems.add("widths",
                   fmt::format("{} is no divisor of 4 x {}, the width of the stage before",
                               widths[i], widths[i - 1]));
    }
  }
}

}  // namespace

VaeGeometry DcAeVideoConfig::geometry() const {
  VaeGeometry geometry;
  geometry.stride_t = kFold;
  geometry.stride_h = geometry.stride_w = int64_t(1) << (widths.size() - 1);
  geometry.latent_channels = latent_channels;
  geometry.first_frame_alone = false;
  return geometry;
}

void DcAeVideoConfig::validate(config::Problems& problems) const {
  check_widths(problems, widths, depths.size());
  for (const int64_t depth : depths) {
    if (depth < 1 || depth > 1000) {
      problems.add("depths", fmt::format("must be between 1 and 1000, got {}", depth));
    }
  }
  if (chunk_frames % kFold != 0) {
    problems.add("chunk_frames", fmt::format("must be a multiple of 4, got {}", chunk_frames));
  }
  const size_t factors = scaling_factor.size();
  if (factors != 1 && factors != size_t(latent_channels)) {
    problems.add("scaling_factor", fmt::format("needs 1 or {} entries (latent_channels), has {}",
                                               latent_channels, factors));
  }
  for (const double factor : scaling_factor) {
    if (!(factor > 0.0)) {
      problems.add("scaling_factor", fmt::format("must be above 0, got {}", factor));
    }
  }
}

}  // namespace sana::model
