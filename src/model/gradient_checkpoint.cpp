#include "model/gradient_checkpoint.h"

#include <ATen/ATen.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace sana::model {
namespace {

struct FunctionHolder : torch::CustomClassHolder {
  explicit FunctionHolder(TensorFunction f) : function(std::move(f)) {}
  TensorFunction function;
};

class Recompute : public torch::autograd::Function<Recompute> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, TensorFunction function,
                            const at::Tensor& x, const at::Tensor& a, const at::Tensor& b,
                            const at::Tensor& /*anchor*/) {
    context->save_for_backward({x, a, b});
    at::Tensor result = function(x, a, b);
    context->saved_data["function"] =
        at::IValue::make_capsule(c10::make_intrusive<FunctionHolder>(std::move(function)));
    return result;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    std::vector<at::Tensor> inputs;
    for (const at::Tensor& tensor : context->get_saved_variables()) {
      inputs.push_back(tensor.detach().requires_grad_(tensor.requires_grad()));
    }
    const auto holder = context->saved_data["function"].toCapsule();
    {
      at::AutoGradMode enable(true);
      const at::Tensor result =
          static_cast<FunctionHolder*>(holder.get())->function(inputs[0], inputs[1], inputs[2]);
      torch::autograd::backward({result}, {gradients[0]});
    }
    torch::autograd::variable_list result = {at::Tensor()};  // for the function itself
    for (const at::Tensor& input : inputs) {
      result.push_back(input.requires_grad() ? input.grad() : at::Tensor());
    }
    result.emplace_back();  // nor for the anchor
    return result;
  }
};

}  // namespace

at::Tensor checkpoint(const TensorFunction& function, bool trains_inside, const at::Tensor& x,
                      const at::Tensor& a, const at::Tensor& b) {
  const bool needed = trains_inside || x.requires_grad() || a.requires_grad() || b.requires_grad();
  if (!at::GradMode::is_enabled() || !needed) return function(x, a, b);
  // Autograd drops a node of which no input requires a gradient, and with it the gradients of the
  // parameters that the function reaches by itself: this empty input keeps it.
  const at::Tensor anchor = at::empty({0}, x.options().dtype(at::kFloat)).set_requires_grad(true);
  return Recompute::apply(function, x, a, b, anchor);
}

}  // namespace sana::model
