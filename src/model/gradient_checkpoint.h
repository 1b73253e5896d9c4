// Activation recomputation: keep a block's inputs, forget its insides, run it again in the backward
// pass.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>

namespace sana::model {

// A function of tensors that draws no random numbers.
using TensorFunction =
    std::function<at::Tensor(const at::Tensor& x, const at::Tensor& a, const at::Tensor& b)>;

// function(x, a, b), with the same value and gradients (to the inputs and to every parameter that
// the function uses), but without keeping intermediate activations. `trains_inside`: a parameter in
// there requires a gradient, which autograd cannot see from the inputs. Without gradient mode, and
// where nothing requires a gradient, it is a plain call.
at::Tensor checkpoint(const TensorFunction& function, bool trains_inside, const at::Tensor& x,
                      const at::Tensor& a, const at::Tensor& b);

}  // namespace sana::model
