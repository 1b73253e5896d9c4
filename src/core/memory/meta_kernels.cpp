#include "core/memory/meta_kernels.h"

#include <ATen/ATen.h>
#include <ATen/ExpandUtils.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

namespace sana {
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

// Heads that the flash kernels do not take: the GPU computes and keeps the matrix of scores.
bool needs_scores(const Tensor& q) {
  const int64_t unit = q.element_size() == 2 ? 8 : 4;
  return q.size(-1) % unit != 0;
}

Tensor attention_with_scores(const Tensor& q, const Tensor& k, const Tensor& v,
                             const OptionalTensor& mask) {
  return std::get<0>(at::_scaled_dot_product_attention_math(q, k, v, mask));
}

// Flash attention: no matrix of scores.   q [B, A, N, d] -> [B, A, N, d], memory [B, N, A, d]
Tensor attention(const Tensor& q, const Tensor& k, const Tensor& v, const OptionalTensor& mask,
                 double, bool, std::optional<double>, bool) {
  if (needs_scores(q)) return attention_with_scores(q, k, v, mask);
  const Tensor log_sum =
      at::empty({q.size(0), q.size(1), q.size(2)}, q.options().dtype(at::kFloat));
  return at::empty({q.size(0), q.size(2), q.size(1), q.size(3)}, q.options()).transpose(1, 2);
}

// Its gradients, as the flash kernel makes them: sums over the keys in float32 beside the results.
class AttentionWithGradient : public torch::autograd::Function<AttentionWithGradient> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& q, const Tensor& k,
                        const Tensor& v) {
    const Tensor result = attention(q, k, v, {}, 0.0, false, {}, false);
    const Tensor log_sum =
        at::empty({q.size(0), q.size(1), q.size(2)}, q.options().dtype(at::kFloat));
    context->save_for_backward({q, k, v, result, log_sum});
    return result;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list&) {
    const auto saved = context->get_saved_variables();
    const Tensor sums = at::empty(saved[0].sizes(), saved[0].options().dtype(at::kFloat));
    return {at::empty_like(saved[0]), at::empty_like(saved[1]), at::empty_like(saved[2])};
  }
};

Tensor attention_with_gradient(const Tensor& q, const Tensor& k, const Tensor& v,
                               const OptionalTensor& mask, double, bool, std::optional<double>,
                               bool) {
  if (needs_scores(q)) return attention_with_scores(q, k, v, mask);
  return AttentionWithGradient::apply(q, k, v);
}

using ThreeTensors = std::tuple<Tensor, Tensor, Tensor>;

// What is asked for of the gradients of `tensors`, each as large as its tensor.
ThreeTensors gradients_of(const Tensor& a, const Tensor& b, const Tensor& c,
                          std::array<bool, 3> wanted) {
  const auto one = [](bool is_wanted, const Tensor& tensor) {
    return is_wanted ? at::empty_like(tensor) : Tensor();
  };
  return {one(wanted[0], a), one(wanted[1], b), one(wanted[2], c)};
}

// Scratch memory of the gradients of a convolution with a group for each channel, channels last, as
// seen on an H100 with cuDNN 9: partial sums of the bias and, in half precision, for each image
// those of each tap.
int64_t depthwise_scratch_bytes(const Tensor& gradient, const Tensor& weight) {
  const int64_t images = gradient.size(0);
  const int64_t channels = gradient.size(1);
  const int64_t taps = weight.size(2) * weight.size(3);
  const int64_t for_bias =
      std::min(8 * gradient.numel(), std::max(int64_t(132) << 20, channels * (32 << 10)));
  const bool is_half = gradient.element_size() == 2;
  return is_half ? std::max(for_bias, 32 * taps * images * channels) : for_bias;
}

ThreeTensors convolution_backward(const Tensor& gradient, const Tensor& input, const Tensor& weight,
                                  at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, bool,
                                  at::IntArrayRef, int64_t groups, std::array<bool, 3> wanted) {
  const int64_t scratch_bytes = groups == 1 ? 0 : depthwise_scratch_bytes(gradient, weight);
  const Tensor scratch = at::empty({scratch_bytes}, input.options().dtype(at::kByte));
  const Tensor bias = wanted[2] ? at::empty({gradient.size(1)}, gradient.options()) : Tensor();
  const auto [d_input, d_weight, none] =
      gradients_of(input, weight, bias, {wanted[0], wanted[1], false});
  return {d_input, d_weight, bias};
}

ThreeTensors layer_norm_backward(const Tensor&, const Tensor& input, at::IntArrayRef, const Tensor&,
                                 const Tensor&, const OptionalTensor& weight,
                                 const OptionalTensor& bias, std::array<bool, 3> wanted) {
  return gradients_of(input, weight.value_or(Tensor()), bias.value_or(Tensor()), wanted);
}

std::tuple<Tensor, Tensor> rms_norm_backward(const Tensor&, const Tensor& input, at::IntArrayRef,
                                             const Tensor&, const OptionalTensor& weight,
                                             std::array<bool, 2> wanted) {
  const auto [d_input, d_weight, none] =
      gradients_of(input, weight.value_or(Tensor()), {}, {wanted[0], wanted[1], false});
  return {d_input, d_weight};
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

Tensor& logical_and_(Tensor& a, const Tensor&) { return a; }

Tensor& masked_fill_(Tensor& x, const Tensor&, const at::Scalar&) { return x; }

Tensor roll(const Tensor& x, at::IntArrayRef, at::IntArrayRef) {
  return at::empty_like(x, at::MemoryFormat::Contiguous);
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  const auto shape = at::infer_size(at::infer_size(condition.sizes(), a.sizes()), b.sizes());
  return at::empty(shape, condition.options().dtype(at::result_type(a, b)));
}

Tensor& where_out(const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& out) {
  out.resize_(at::infer_size(at::infer_size(condition.sizes(), a.sizes()), b.sizes()));
  return out;
}

// relu and abs of real numbers
Tensor elementwise(const Tensor& x) { return at::empty_like(x); }

}  // namespace

void register_meta_kernels() {
  static const auto library = [] {
    auto kernels = std::make_unique<torch::Library>(torch::Library::IMPL, "aten",
                                                    c10::DispatchKey::Meta, __FILE__, __LINE__);
    kernels->impl("convolution_overrideable", TORCH_FN(convolution));
    kernels->impl("native_layer_norm", TORCH_FN(layer_norm));
    kernels->impl("_fused_rms_norm", TORCH_FN(rms_norm));
    kernels->impl("scaled_dot_product_attention", TORCH_FN(attention));
    kernels->impl("convolution_backward_overrideable", TORCH_FN(convolution_backward));
    kernels->impl("native_layer_norm_backward", TORCH_FN(layer_norm_backward));
    kernels->impl("_fused_rms_norm_backward", TORCH_FN(rms_norm_backward));
    kernels->impl("complex", TORCH_FN(complex));
    kernels->impl("index_select", TORCH_FN(index_select));
    kernels->impl("logical_or", TORCH_FN(logical_or));
    kernels->impl("logical_and_", TORCH_FN(logical_and_));
    kernels->impl("masked_fill_.Scalar", TORCH_FN(masked_fill_));
    kernels->impl("roll", TORCH_FN(roll));
    kernels->impl("where.self", TORCH_FN(where));
    kernels->impl("where.self_out", TORCH_FN(where_out));
    kernels->impl("relu", TORCH_FN(elementwise));
    kernels->impl("abs", TORCH_FN(elementwise));
    return kernels;
  }();
  static const auto gradients = [] {
    auto kernels = std::make_unique<torch::Library>(
        torch::Library::IMPL, "aten", c10::DispatchKey::AutogradMeta, __FILE__, __LINE__);
    kernels->impl("scaled_dot_product_attention", TORCH_FN(attention_with_gradient));
    return kernels;
  }();
  (void)library, (void)gradients;
}

}  // namespace sana
