#include "core/shape.h"

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>

#include <vector>

#include "core/error.h"

namespace sana {
namespace {

// "[B=2, N=3520, D]"
std::string expected_string(std::initializer_list<Dim> expected) {
  std::vector<std::string> dims;
  for (const Dim& dim : expected) {
    dims.push_back(dim.size == kAny ? std::string(dim.name)
                                    : fmt::format("{}={}", dim.name, dim.size));
  }
  return fmt::format("[{}]", fmt::join(dims, ", "));
}

bool shape_matches(at::IntArrayRef shape, std::initializer_list<Dim> expected) {
  if (shape.size() != expected.size()) return false;
  size_t axis = 0;
  for (const Dim& dim : expected) {
    if (dim.size != kAny && dim.size != shape[axis]) return false;
    ++axis;
  }
  return true;
}

}  // namespace

std::string shape_string(at::IntArrayRef shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

void check_shape(std::string_view what, const at::Tensor& tensor,
                 std::initializer_list<Dim> expected) {
  if (tensor.defined() && shape_matches(tensor.sizes(), expected)) return;
  const std::string actual = tensor.defined() ? shape_string(tensor.sizes()) : "not defined";
  throw UserError(fmt::format("{} is {}, expected {}", what, actual, expected_string(expected)));
}

}  // namespace sana
