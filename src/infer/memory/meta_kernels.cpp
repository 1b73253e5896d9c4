#include "infer/memory/meta_kernels.h"

#include <ATen/ATen.h>
#include <ATen/ExpandUtils.h>
#include <torch/library.h>

#include <memory>
#include <optional>
#include <tuple>
#include <vector>

namespace sana::infer {
namespace {

using at::Tensor;
using OptionalTensor = std::optional<Tensor>;

// cuDNN keeps channels last where the input or the weight has them last.
at::MemoryFormat convolution_format(const Tensor& input, const Tensor& weight) {
  const auto last =
      input.dim() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
  const bool is_last =
      input.suggest_memory_format() == last || weight.suggest_memory_format() == last;
  return is_last ? last : at::MemoryFormat::Contiguous;
}

Tensor convolution(const Tensor& input, const Tensor& weight, const OptionalTensor&,
                   at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation,
                   bool transposed, at::IntArrayRef, int64_t) {
  TORCH_CHECK(!transposed, "no transposed convolution is expected here");
  std::vector<int64_t> shape = {input.size(0), weight.size(0)};
  for (int64_t axis = 2; axis < input.dim(); ++axis) {
    const auto i = size_t(axis - 2);
    const int64_t span = dilation[i] * (weight.size(axis) - 1) + 1;
    shape.push_back((input.size(axis) + 2 * padding[i] - span) / stride[i] + 1);
  }
  return at::empty(shape, input.options().memory_format(convolution_format(input, weight)));
}

// One number per normalised row.
Tensor row_statistics(const Tensor& input, at::IntArrayRef normalized) {
  int64_t row = 1;
  for (const int64_t size : normalized) row *= size;
  return at::empty({input.numel() / row}, input.options().dtype(at::kFloat));
}

std::tuple<Tensor, Tensor, Tensor> layer_norm(const Tensor& input, at::IntArrayRef normalized,
                                              const OptionalTensor&, const OptionalTensor&,
                                              double) {
  return {at::empty_like(input, at::MemoryFormat::Contiguous), row_statistics(input, normalized),
          row_statistics(input, normalized)};
}

std::tuple<Tensor, Tensor> rms_norm(const Tensor& input, at::IntArrayRef normalized,
                                    const OptionalTensor&, std::optional<double>) {
  return {at::empty_like(input, at::MemoryFormat::Contiguous), row_statistics(input, normalized)};
}

// Flash attention: no matrix of scores.   q [B, A, N, d] -> [B, A, N, d], memory [B, N, A, d]
Tensor attention(const Tensor& q, const Tensor&, const Tensor&, const OptionalTensor&, double, bool,
                 std::optional<double>, bool) {
  const Tensor log_sum =
      at::empty({q.size(0), q.size(1), q.size(2)}, q.options().dtype(at::kFloat));
  return at::empty({q.size(0), q.size(2), q.size(1), q.size(3)}, q.options()).transpose(1, 2);
}

Tensor complex(const Tensor& real, const Tensor&) {
  return at::empty(real.sizes(), real.options().dtype(at::kComplexFloat));
}

Tensor index_select(const Tensor& x, int64_t axis, const Tensor& index) {
  std::vector<int64_t> shape = x.sizes().vec();
  shape[size_t(axis < 0 ? axis + x.dim() : axis)] = index.numel();
  return at::empty(shape, x.options());
}

Tensor logical_or(const Tensor& a, const Tensor& b) {
  return at::empty(at::infer_size(a.sizes(), b.sizes()), a.options().dtype(at::kBool));
}

Tensor& masked_fill_(Tensor& x, const Tensor&, const at::Scalar&) { return x; }

Tensor roll(const Tensor& x, at::IntArrayRef, at::IntArrayRef) {
  return at::empty_like(x, at::MemoryFormat::Contiguous);
}

Tensor relu(const Tensor& x) { return at::empty_like(x); }

}  // namespace

void register_meta_kernels() {
  static const auto library = [] {
    auto kernels = std::make_unique<torch::Library>(torch::Library::IMPL, "aten",
                                                    c10::DispatchKey::Meta, __FILE__, __LINE__);
    kernels->impl("convolution_overrideable", TORCH_FN(convolution));
    kernels->impl("native_layer_norm", TORCH_FN(layer_norm));
    kernels->impl("_fused_rms_norm", TORCH_FN(rms_norm));
    kernels->impl("scaled_dot_product_attention", TORCH_FN(attention));
    kernels->impl("complex", TORCH_FN(complex));
    kernels->impl("index_select", TORCH_FN(index_select));
    kernels->impl("logical_or", TORCH_FN(logical_or));
    kernels->impl("masked_fill_.Scalar", TORCH_FN(masked_fill_));
    kernels->impl("roll", TORCH_FN(roll));
    kernels->impl("relu", TORCH_FN(relu));
    return kernels;
  }();
  (void)library;
}

}  // namespace sana::infer
