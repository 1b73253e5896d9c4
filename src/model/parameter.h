// How parameters of new modules come into being: filled for training, or without memory of their
// own for modules that take over a checkpoint's tensors.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>

namespace sana::model {

// How a fresh parameter is filled. Random ones draw from LibTorch's default generator.
using Fill = std::function<void(at::Tensor&)>;
Fill zeros();
Fill ones();
Fill uniform(double bound);              // in [-bound, bound)
Fill normal(double standard_deviation);  // around 0

// A float32 parameter on the CPU for register_parameter. While an UnfilledParameters lives in this
// thread it has its shape but no memory of its own (one NaN seen everywhere), so that a model of
// any size costs nothing until adopt_state_dict gives it tensors.
at::Tensor new_parameter(at::IntArrayRef shape, const Fill& fill);

// Fills a parameter of a module under construction anew; nothing while an UnfilledParameters lives.
void refill_parameter(at::Tensor& parameter, const Fill& fill);

class UnfilledParameters {
 public:
  UnfilledParameters();
  ~UnfilledParameters();
  UnfilledParameters(const UnfilledParameters&) = delete;
  UnfilledParameters& operator=(const UnfilledParameters&) = delete;
};

}  // namespace sana::model
