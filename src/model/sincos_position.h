// Sinusoidal positions of image tokens, added once to the patch embedding.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

#include "model/rotary_embedding.h"

namespace sana::model {

// [N, dim] float32 in token order: first half the column, second half the row of a token, each as
// sines, then cosines of p * 10000^(-i / (dim / 4)), i < dim / 4. An axis of n tokens has positions
// p = 0, 1, ..., n - 1 times base_size / (n * scale): an image of any size spans what one of
// base_size tokens does. `grid` has one frame; dim is a multiple of 4.
at::Tensor sincos_positions(const Grid& grid, int64_t dim, int64_t base_size, double scale,
                            at::Device device);

}  // namespace sana::model
