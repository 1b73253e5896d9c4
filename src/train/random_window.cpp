#include "train/random_window.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <vector>

namespace sana::train {

at::Tensor random_windows(const at::Tensor& pixels, const CropConfig& crop, int64_t first_sample,
                          const RandomStream& stream) {
  const std::array<int64_t, 3> wanted = {crop.frames, crop.height, crop.width};
  std::vector<at::Tensor> windows;
  for (int64_t b = 0; b < pixels.size(0); ++b) {
    at::Tensor window = pixels[b];  // [3, F, H, W]
    for (int64_t axis = 1; axis < 4; ++axis) {
      const int64_t extent = window.size(axis);
      const int64_t size = wanted[size_t(axis - 1)];
      const int64_t places = size == 0 ? 1 : std::max<int64_t>(extent - size, 0) + 1;
      const int64_t start = stream.below(places, first_sample + b, axis);
      if (places > 1) window = window.narrow(axis, start, size);
    }
    const bool mirrored = stream.below(2, first_sample + b, /*draw=*/0) == 1;
    windows.push_back(crop.flip && mirrored ? window.flip({3}) : window);
  }
  return at::stack(windows);
}

}  // namespace sana::train
