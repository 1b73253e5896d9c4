// Comparisons of tensors.
#pragma once
#include <ATen/ATen.h>

namespace sana_test {

// max |a - b|, same shapes.
inline double max_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a - b).abs().max().item<double>();
}

}  // namespace sana_test
