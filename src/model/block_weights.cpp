#include "model/block_weights.h"

#include <ATen/ATen.h>
#include <ATen/core/ivalue.h>
#include <torch/csrc/autograd/custom_function.h>

#include <utility>

namespace sana::model {
namespace {

struct Action : torch::CustomClassHolder {
  explicit Action(std::function<void()> f) : function(std::move(f)) {}
  std::function<void()> function;
};

// x itself; its gradient comes by after `action`. Autograd runs what was recorded later first, so
// that of a block's input comes when the whole block has its gradients.
class OnGradient : public torch::autograd::Function<OnGradient> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            std::function<void()> action) {
    context->saved_data["action"] =
        at::IValue::make_capsule(c10::make_intrusive<Action>(std::move(action)));
    return x.view_as(x);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto action = context->saved_data["action"].toCapsule();
    static_cast<Action*>(action.get())->function();
    return {gradients[0], at::Tensor()};
  }
};

}  // namespace

at::Tensor with_block_weights(BlockWeights& weights, int64_t block, bool repeats,
                              const at::Tensor& x,
                              const std::function<at::Tensor(const at::Tensor&)>& function) {
  weights.need(block, repeats ? Direction::kBackward : Direction::kForward);
  if (!at::GradMode::is_enabled()) {
    const at::Tensor y = function(x);
    weights.done(block, Direction::kForward);
    return y;
  }
  const at::Tensor input =
      OnGradient::apply(x, [&weights, block] { weights.done(block, Direction::kBackward); });
  const at::Tensor y = function(input);
  if (repeats) return y;
  weights.done(block, Direction::kForward);
  return OnGradient::apply(y, [&weights, block] { weights.need(block, Direction::kBackward); });
}

}  // namespace sana::model
