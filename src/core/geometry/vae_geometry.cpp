#include "core/geometry/vae_geometry.h"

#include <algorithm>

#include "core/error.h"

namespace sana {

void check_frame_count(const std::string& what, int64_t frames, const VaeGeometry& geometry) {
  const int64_t stride = geometry.stride_t, lone = geometry.lone_frames();
  const int64_t fewest = lone == 1 ? 1 : stride;
  const int64_t below =
      std::max(lone + std::max<int64_t>(frames - lone, 0) / stride * stride, fewest);
  require(geometry.accepts(frames),
          "{} is {} frames, must be {}k{} for this VAE; nearest are {} and {}", what, frames,
          stride, lone == 1 ? "+1" : "", below, below + stride);
}

}  // namespace sana
