#include "core/memory/flops.h"

#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/memory/meta_kernels.h"

namespace sana {
namespace {

thread_local int64_t counted = 0;
thread_local bool is_counting = false;
thread_local bool is_inside = false;  // of an operation that is counted: what it is made of is not

// The tensor that is input `i` of an operation.
at::IntArrayRef sizes_of(const at::RecordFunction& function, size_t i) {
  return function.inputs()[i].toTensor().sizes();
}

int64_t product(at::IntArrayRef sizes) {
  int64_t all = 1;
  for (const int64_t size : sizes) all *= size;
  return all;
}

// [m, k] x [k, n], or [b, m, k] x [b, k, n]
int64_t of_matrices(at::IntArrayRef left, at::IntArrayRef right) {
  return 2 * product(left) * right.back();
}

// Of an axis; one value may stand for all of them.
int64_t along(const std::vector<int64_t>& values, size_t axis) {
  return values.size() == 1 ? values.front() : values[axis];
}

// Each output is a sum over the inputs of its group and the taps of the kernel.
//   weight [O, I / groups, taps...]
int64_t of_convolution(const at::RecordFunction& function) {
  const at::IntArrayRef input = sizes_of(function, 0), weight = sizes_of(function, 1);
  const auto stride = function.inputs()[3].toIntVector();
  const auto padding = function.inputs()[4].toIntVector();
  const auto dilation = function.inputs()[5].toIntVector();
  int64_t places = input[0];
  for (size_t axis = 0; axis + 2 < input.size(); ++axis) {
    const int64_t span = along(dilation, axis) * (weight[axis + 2] - 1) + 1;
    places *= (input[axis + 2] + 2 * along(padding, axis) - span) / along(stride, axis) + 1;
  }
  return 2 * places * product(weight);
}

// Scores and sums.   q [B, A, N, d], k [B, A, L, d]
int64_t of_attention(at::IntArrayRef q, at::IntArrayRef k) {
  return 4 * product(q) * k[k.size() - 2];
}

int64_t flops_of(const at::RecordFunction& function) {
  const std::string_view name = function.name();
  if (name == "aten::mm" || name == "aten::bmm") {
    return of_matrices(sizes_of(function, 0), sizes_of(function, 1));
  }
  if (name == "aten::addmm" || name == "aten::baddbmm") {
    return of_matrices(sizes_of(function, 1), sizes_of(function, 2));
  }
  if (name == "aten::convolution") return of_convolution(function);
  if (name == "aten::scaled_dot_product_attention") {
    return of_attention(sizes_of(function, 0), sizes_of(function, 1));
  }
  return 0;
}

// Lives as long as the outermost counted operation.
struct Inside : at::ObserverContext {
  Inside() { is_inside = true; }
  ~Inside() override { is_inside = false; }
};

std::unique_ptr<at::ObserverContext> on_operation(const at::RecordFunction& function) {
  if (is_inside) return nullptr;
  const int64_t flops = flops_of(function);
  if (flops == 0) return nullptr;
  counted += flops;
  return std::make_unique<Inside>();
}

class Counting {
 public:
  Counting()
      : handle_(at::addThreadLocalCallback(at::RecordFunctionCallback(on_operation)
                                               .needsInputs(true)
                                               .scopes({at::RecordScope::FUNCTION}))) {
    is_counting = true;
  }
  ~Counting() {
    is_counting = false;
    at::removeCallback(handle_);
  }
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;

 private:
  at::CallbackHandle handle_;
};

}  // namespace

int64_t count_flops(const std::function<void()>& body) {
  register_meta_kernels();
  const int64_t before = counted;
  std::optional<Counting> counting;
  if (!is_counting) counting.emplace();
  body();
  return counted - before;
}

}  // namespace sana
