#include "model/parameter.h"

#include <ATen/ATen.h>

#include <limits>

namespace sana::model {
namespace {

thread_local int unfilled_depth = 0;

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
  const auto options = at::TensorOptions().dtype(at::kFloat);
  if (unfilled_depth > 0) {
    return at::full({}, std::numeric_limits<float>::quiet_NaN(), options).expand(shape);
  }
  const at::NoGradGuard no_grad;
  at::Tensor tensor = at::empty(shape, options);
  fill(tensor);
  return tensor;
}

void refill_parameter(at::Tensor& parameter, const Fill& fill) {
  if (unfilled_depth > 0) return;
  const at::NoGradGuard no_grad;
  fill(parameter);
}

UnfilledParameters::UnfilledParameters() { ++unfilled_depth; }
UnfilledParameters::~UnfilledParameters() { --unfilled_depth; }

}  // namespace sana::model
