#include "model/rotary_embedding.h"

#include <ATen/ATen.h>

namespace sana::model {
namespace {

// Angles of one axis: [positions, channels / 2] float64.
at::Tensor axis_angles(int64_t first, int64_t count, int64_t channels, at::Device device) {
  const auto options = at::TensorOptions().dtype(at::kDouble).device(device);
  const at::Tensor exponent = at::arange(0, channels, 2, options) / double(channels);
  const at::Tensor frequency = at::pow(10000.0, -exponent);
  return at::outer(at::arange(first, first + count, options), frequency);
}

}  // namespace

std::array<int64_t, 3> rotary_channels(int64_t head_dim) {
  const int64_t spatial = 2 * (head_dim / 6);
  return {head_dim - 2 * spatial, spatial, spatial};
}

at::Tensor rotary_phases(const Grid& grid, int64_t head_dim, int64_t first_frame,
                         at::Device device) {
  const auto [c_t, c_h, c_w] = rotary_channels(head_dim);
  const std::array<int64_t, 4> shape = {grid.frames, grid.rows, grid.columns, -1};
  const at::Tensor t = axis_angles(first_frame, grid.frames, c_t, device);
  const at::Tensor h = axis_angles(0, grid.rows, c_h, device);
  const at::Tensor w = axis_angles(0, grid.columns, c_w, device);
  const at::Tensor angles = at::cat({t.view({grid.frames, 1, 1, c_t / 2}).expand(shape),
                                     h.view({1, grid.rows, 1, c_h / 2}).expand(shape),
                                     w.view({1, 1, grid.columns, c_w / 2}).expand(shape)},
                                    -1)
                                .reshape({grid.tokens(), head_dim / 2});
  return at::complex(angles.cos().to(at::kFloat), angles.sin().to(at::kFloat));
}

at::Tensor apply_rotary(const at::Tensor& x, const at::Tensor& phases) {
  if (!phases.defined()) return x;
  const at::Tensor pairs = at::view_as_complex(x.unflatten(-1, {x.size(-1) / 2, 2}));
  return at::view_as_real(pairs * phases.unsqueeze(1)).flatten(-2);
}

at::Tensor RotaryCache::phases(const Grid& grid, int64_t head_dim, int64_t first_frame,
                               at::Device device) {
  const auto fits = [&](const Entry& entry) {
    return entry.phases.defined() && entry.grid == grid && entry.head_dim == head_dim &&
           entry.first_frame == first_frame && entry.phases.device() == device;
  };
  for (const Entry& entry : whole_clips_) {
    if (fits(entry)) return entry.phases;
  }
  if (fits(later_block_)) return later_block_.phases;
  const Entry fresh = {grid, head_dim, first_frame,
                       rotary_phases(grid, head_dim, first_frame, device)};
  if (first_frame == 0) {
    whole_clips_.push_back(fresh);
  } else {
    later_block_ = fresh;
  }
  return fresh.phases;
}

}  // namespace sana::model
