// Shape contracts at module boundaries.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace sana {

inline constexpr int64_t kAny = -1;

// One expected dimension: its letter in comments and its size (kAny: not checked).
struct Dim {
  std::string_view name;
  int64_t size = kAny;
};

// "[2, 880, 20, 112]"
std::string shape_string(at::IntArrayRef shape);

// Throws UserError, for example
//   "linear_attention: key is [2, 880, 20, 112], expected [B=2, N=3520, A=20, D=112]".
void check_shape(std::string_view what, const at::Tensor& tensor,
                 std::initializer_list<Dim> expected);

}  // namespace sana
