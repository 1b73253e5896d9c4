#include "model/mix_ffn.h"

#include <ATen/ATen.h>

#include "core/error.h"
#include "model/frame_part.h"
#include "model/parameter.h"

namespace sana::model {

DepthwiseConvImpl::DepthwiseConvImpl(int64_t channels)
    : weight_(register_parameter("weight", new_parameter({channels, 1, 3, 3}, uniform(1.0 / 3.0)))),
      bias_(register_parameter("bias", new_parameter({channels}, zeros()))) {}

at::Tensor DepthwiseConvImpl::forward(const at::Tensor& x) {
  // A channels-last tensor seen as [M, C, H, W]: the strides change, the data does not move.
  const at::Tensor volume = x.permute({0, 3, 1, 2});
  return at::conv2d(volume, weight_, bias_, 1, 1, 1, weight_.size(0)).permute({0, 2, 3, 1});
}

TemporalConvImpl::TemporalConvImpl(int64_t dim)
    : weight_(register_parameter("weight", new_parameter({dim, dim, 3, 1}, zeros()))) {}

at::Tensor TemporalConvImpl::forward(const at::Tensor& x, const at::Tensor& tail,
                                     const at::Tensor& next) {
  const int64_t frames = x.size(1);
  const auto tap = [&](int64_t k) { return weight_.select(3, 0).select(2, k); };  // [D, D]
  at::Tensor y = at::linear(x, tap(1));
  if (frames > 1) {
    const at::Tensor from_past = at::linear(x.narrow(1, 0, frames - 1), tap(0));
    const at::Tensor from_future = at::linear(x.narrow(1, 1, frames - 1), tap(2));
    y = y + at::constant_pad_nd(from_past, {0, 0, 0, 0, 1, 0}) +
        at::constant_pad_nd(from_future, {0, 0, 0, 0, 0, 1});
  }
  if (tail.defined()) {
    const at::Tensor from_tail = at::linear(tail.permute({0, 2, 3, 1}), tap(0));  // [B, 1, M, D]
    y = y + at::constant_pad_nd(from_tail, {0, 0, 0, 0, 0, frames - 1});
  }
  if (next.defined()) {
    const at::Tensor from_next = at::linear(next.permute({0, 2, 3, 1}), tap(2));  // [B, 1, M, D]
    y = y + at::constant_pad_nd(from_next, {0, 0, 0, 0, frames - 1, 0});
  }
  return y;
}

SpatialMixFfnImpl::SpatialMixFfnImpl(int64_t dim, int64_t hidden_dim)
    : conv_inverted_(register_module("conv_inverted", PointwiseConv(dim, 2 * hidden_dim, true))),
      conv_depth_(register_module("conv_depth", DepthwiseConv(2 * hidden_dim))),
      conv_point_(register_module("conv_point", PointwiseConv(hidden_dim, dim, false))) {}

at::Tensor SpatialMixFfnImpl::forward(const at::Tensor& x, const Grid& grid) {
  const int64_t frames = x.size(0) * grid.frames;
  const at::Tensor expanded = at::silu(conv_inverted_(x));  // [B, N, 2rD]
  const at::Tensor mixed =
      conv_depth_(expanded.view({frames, grid.rows, grid.columns, expanded.size(-1)}));
  const auto parts = mixed.chunk(2, -1);  // value, gate: [B*T, H, W, rD]
  return conv_point_(parts[0] * at::silu(parts[1])).view(x.sizes());
}

MixFfnImpl::MixFfnImpl(int64_t dim, int64_t hidden_dim)
    : SpatialMixFfnImpl(dim, hidden_dim),
      conv_temp_(register_module("conv_temp", TemporalConv(dim))) {}

at::Tensor MixFfnImpl::forward(const at::Tensor& x, const Grid& grid, const at::Tensor& tail,
                               at::Tensor* own_tail, Communicator* group) {
  const at::Tensor u = SpatialMixFfnImpl::forward(x, grid).view(
      {x.size(0), grid.frames, grid.tokens_per_frame(), x.size(-1)});
  if (own_tail != nullptr) {  // a copy: a view would keep every frame of u alive
    *own_tail = u.detach().narrow(1, grid.frames - 1, 1).clone().permute({0, 3, 1, 2});
  }
  if (group == nullptr) return (u + conv_temp_(u, tail)).view(x.sizes());
  SANA_ASSERT(!tail.defined() && own_tail == nullptr);
  const NeighbourFrames beside = neighbour_frames(*group, u);
  const auto channels_first = [](const at::Tensor& frame) { return frame.permute({0, 3, 1, 2}); };
  const at::Tensor convolved =
      conv_temp_(u, channels_first(beside.before), channels_first(beside.after));
  return (u + convolved).view(x.sizes());
}

}  // namespace sana::model
