#include "model/parameter.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <limits>

namespace sana::model {
namespace {

thread_local int unfilled_depth = 0;
thread_local at::TensorOptions unfilled_options = at::TensorOptions().dtype(at::kFloat);

}  // namespace

Fill zeros() {
  return [](at::Tensor& tensor) { tensor.zero_(); };
}

Fill ones() {
  return [](at::Tensor& tensor) { tensor.fill_(1.0); };
}

Fill uniform(double bound) {
  return [bound](at::Tensor& tensor) { tensor.uniform_(-bound, bound); };
}

Fill normal(double standard_deviation) {
  return [standard_deviation](at::Tensor& tensor) { tensor.normal_(0.0, standard_deviation); };
}

at::Tensor new_parameter(at::IntArrayRef shape, const Fill& fill) {
  if (unfilled_depth > 0) return unfilled_parameter(shape);
  const at::NoGradGuard no_grad;
  at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(at::kFloat));
  fill(tensor);
  return tensor;
}

at::Tensor unfilled_parameter(at::IntArrayRef shape) {
  if (unfilled_options.device().is_meta()) return at::empty(shape, unfilled_options);
  return at::full({}, std::numeric_limits<float>::quiet_NaN(), unfilled_options).expand(shape);
}

void refill_parameter(at::Tensor& parameter, const Fill& fill) {
  if (unfilled_depth > 0) return;
  const at::NoGradGuard no_grad;
  fill(parameter);
}

UnfilledParameters::UnfilledParameters(at::Device device, at::ScalarType dtype)
    : before_(unfilled_options) {
  ++unfilled_depth;
  unfilled_options = at::TensorOptions().device(device).dtype(dtype);
}

UnfilledParameters::~UnfilledParameters() {
  --unfilled_depth;
  unfilled_options = before_;
}

}  // namespace sana::model
