#include "model/vae/shuffle.h"

#include <ATen/ATen.h>

namespace sana::model {

at::Tensor volume_unshuffle(const at::Tensor& x, int64_t spatial, int64_t temporal) {
  const at::Tensor blocks = x.permute({0, 2, 3, 4, 1})
                                .unflatten(1, {x.size(2) / temporal, temporal})
                                .unflatten(3, {x.size(3) / spatial, spatial})
                                .unflatten(5, {x.size(4) / spatial, spatial});
  // blocks [B, T, t, H, s, W, s, C]
  return blocks.permute({0, 1, 3, 5, 7, 2, 4, 6}).flatten(4).permute({0, 4, 1, 2, 3});
}

at::Tensor volume_shuffle(const at::Tensor& x, int64_t spatial, int64_t temporal) {
  const int64_t channels = x.size(1) / (temporal * spatial * spatial);
  const at::Tensor blocks =
      x.permute({0, 2, 3, 4, 1}).unflatten(4, {channels, temporal, spatial, spatial});
  // blocks [B, T, H, W, C, t, s, s]
  return blocks.permute({0, 1, 5, 2, 6, 3, 7, 4})
      .flatten(5, 6)
      .flatten(3, 4)
      .flatten(1, 2)
      .permute({0, 4, 1, 2, 3});
}

at::Tensor image_unshuffle(const at::Tensor& x) {
  return volume_unshuffle(x.unsqueeze(2), 2, 1).squeeze(2);
}

at::Tensor image_shuffle(const at::Tensor& x) {
  return volume_shuffle(x.unsqueeze(2), 2, 1).squeeze(2);
}

at::Tensor average_channels(const at::Tensor& x, int64_t channels) {
  return x.movedim(1, -1).unflatten(-1, {channels, x.size(1) / channels}).mean(-1).movedim(-1, 1);
}

at::Tensor repeat_channels(const at::Tensor& x, int64_t channels) {
  return x.movedim(1, -1)
      .unsqueeze(-1)
      .repeat_interleave(channels / x.size(1), -1)
      .flatten(-2)
      .movedim(-1, 1);
}

}  // namespace sana::model
