// How parameters of new modules come into being: filled for training, or without memory of their
// own for modules that take over a checkpoint's tensors.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>

#include <functional>

namespace sana::model {

// How a fresh parameter is filled. Random ones draw from LibTorch's default generator.
using Fill = std::function<void(at::Tensor&)>;
Fill zeros();
Fill ones();
Fill uniform(double bound);              // in [-bound, bound)
Fill normal(double standard_deviation);  // around 0

// A float32 parameter on the CPU for register_parameter. While an UnfilledParameters lives in this
// thread it is an unfilled one.
at::Tensor new_parameter(at::IntArrayRef shape, const Fill& fill);

// A parameter that has its shape but no memory of its own (one NaN seen everywhere), so that a
// model of any size costs nothing until adopt_state_dict gives it tensors.
at::Tensor unfilled_parameter(at::IntArrayRef shape);

// Fills a parameter of a module under construction anew; nothing while an UnfilledParameters lives.
void refill_parameter(at::Tensor& parameter, const Fill& fill);

class UnfilledParameters {
 public:
  // On the meta device parameters never get values: modules for the shapes of their results alone.
  explicit UnfilledParameters(at::Device device = at::kCPU, at::ScalarType dtype = at::kFloat);
  ~UnfilledParameters();
  UnfilledParameters(const UnfilledParameters&) = delete;
  UnfilledParameters& operator=(const UnfilledParameters&) = delete;

 private:
  at::TensorOptions before_;
};

}  // namespace sana::model
