// Rotary position embedding over three axes (frame, row, column).
#pragma once
#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <tuple>
#include <vector>

namespace sana::model {

// Token grid: frames, rows and columns of patches. N = frames * rows * columns.
struct Grid {
  int64_t frames = 1, rows = 1, columns = 1;
  int64_t tokens() const { return frames * rows * columns; }
  int64_t tokens_per_frame() const { return rows * columns; }
  auto operator<=>(const Grid&) const = default;
};

// Channels of a head given to (frame, row, column): rows and columns get 2*floor(d/6) each, frames
// the rest.
std::array<int64_t, 3> rotary_channels(int64_t head_dim);

// Unit complex numbers exp(i * angle), [N, d/2] complex64, in token order. Pair i of an axis with n
// channels turns by position * 10000^(-2i/n); angles are computed in float64. Frame positions start
// at `first_frame`, so that a later block of a long video continues where the last one ended.
at::Tensor rotary_phases(const Grid& grid, int64_t head_dim, int64_t first_frame,
                         at::Device device);

// Turns adjacent channel pairs (2i, 2i+1).  x [B, N, A, d] float32, phases [N, d/2] -> [B, N, A, d]
// Undefined phases leave x as it is (attention without positions).
at::Tensor apply_rotary(const at::Tensor& x, const at::Tensor& phases);

// Phases of the grids asked for so far. Those of whole clips (first_frame 0; a model sees few
// grids) stay, since a recorded CUDA graph reads them again; of later blocks, and of later parts of a
// clip that processes share, the last one.
class RotaryCache {
 public:
  at::Tensor phases(const Grid& grid, int64_t head_dim, int64_t first_frame, at::Device device);

 private:
  struct Entry {
    Grid grid;
    int64_t head_dim = 0, first_frame = 0;
    at::Tensor phases;
  };
  std::vector<Entry> whole_clips_;
  Entry later_block_;
};

}  // namespace sana::model
