#include "model/sincos_position.h"

#include <ATen/ATen.h>

namespace sana::model {
namespace {

// [count, channels] float32
at::Tensor axis_features(int64_t count, int64_t channels, int64_t base_size, double scale,
                         at::Device device) {
  const auto options = at::TensorOptions().dtype(at::kDouble).device(device);
  const at::Tensor position =
      at::arange(count, options) * (double(base_size) / (double(count) * scale));
  const at::Tensor exponent = at::arange(channels / 2, options) / double(channels / 2);
  const at::Tensor angle = at::outer(position, at::pow(10000.0, -exponent));
  return at::cat({angle.sin(), angle.cos()}, 1).to(at::kFloat);
}

}  // namespace

at::Tensor sincos_positions(const Grid& grid, int64_t dim, int64_t base_size, double scale,
                            at::Device device) {
  const int64_t half = dim / 2;
  const at::Tensor column = axis_features(grid.columns, half, base_size, scale, device);
  const at::Tensor row = axis_features(grid.rows, half, base_size, scale, device);
  return at::cat({column.unsqueeze(0).expand({grid.rows, grid.columns, half}),
                  row.unsqueeze(1).expand({grid.rows, grid.columns, half})},
                 -1)
      .flatten(0, 1);
}

}  // namespace sana::model
