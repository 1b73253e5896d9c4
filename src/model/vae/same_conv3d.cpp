#include "model/vae/same_conv3d.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "model/vae/wan_vae_layers.h"

namespace sana::model {
namespace {

// As three 2-D convolutions over the frames, one for each frame that an output sees: PyTorch's CPU
// conv3d is about ten times slower than its conv2d.
at::Tensor conv_by_frames(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const int64_t frames = x.size(2);
  const auto tap = [&](int64_t k, int64_t first, int64_t count, const at::Tensor& with_bias) {
    const at::Tensor seen = fold_frames(x.narrow(2, first, count));
    return unfold_frames(at::conv2d(seen.contiguous(at::MemoryFormat::ChannelsLast),
                                    weight.select(2, k), with_bias, 1, /*padding=*/1),
                         x.size(0));
  };
  at::Tensor y = tap(1, 0, frames, bias);
  if (frames > 1) {
    y.narrow(2, 1, frames - 1).add_(tap(0, 0, frames - 1, {}));
    y.narrow(2, 0, frames - 1).add_(tap(2, 1, frames - 1, {}));
  }
  return y;
}

at::Tensor conv_at_once(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  if (x.is_cpu()) return conv_by_frames(x, weight, bias);
  return at::conv3d(x.contiguous(at::MemoryFormat::ChannelsLast3d), weight, bias, 1, /*padding=*/1);
}

}  // namespace

at::Tensor same_conv3d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                       int64_t most_elements) {
  const int64_t frames = x.size(2);
  const int64_t per_frame =
      x.size(0) * x.size(3) * x.size(4) * std::max(weight.size(0), weight.size(1));
  if (frames * per_frame <= most_elements) return conv_at_once(x, weight, bias);
  // A piece is computed with one more frame on each side, whose own results are dropped.
  const int64_t at_once = std::max<int64_t>(most_elements / per_frame - 2, 1);
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < frames; first += at_once) {
    const int64_t last = std::min(first + at_once, frames);
    const int64_t seen_first = std::max<int64_t>(first - 1, 0);
    const int64_t seen_last = std::min(last + 1, frames);
    const at::Tensor seen = x.narrow(2, seen_first, seen_last - seen_first);
    parts.push_back(conv_at_once(seen, weight, bias).narrow(2, first - seen_first, last - first));
  }
  return at::cat(parts, 2);
}

}  // namespace sana::model
