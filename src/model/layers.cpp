#include "model/layers.h"

#include <ATen/ATen.h>

#include <memory>

#include "model/parameter.h"

namespace sana::model {

Linear register_indexed_linear(torch::nn::Module& owner, const std::string& list, int64_t index,
                               int64_t in, int64_t out) {
  auto holder = owner.register_module(list, std::make_shared<torch::nn::Module>(list));
  return holder->register_module(std::to_string(index), Linear(in, out));
}

PointwiseConvImpl::PointwiseConvImpl(int64_t in, int64_t out, bool with_bias)
    : weight_(register_parameter(
          "weight", new_parameter({out, in, 1, 1}, uniform(1.0 / std::sqrt(double(in)))))) {
  if (with_bias) bias_ = register_parameter("bias", new_parameter({out}, zeros()));
}

at::Tensor PointwiseConvImpl::forward(const at::Tensor& x) {
  return at::linear(x, weight_.flatten(1), bias_);
}

at::Tensor modulated_layer_norm(const at::Tensor& x, const at::Tensor& shift,
                                const at::Tensor& scale) {
  return at::layer_norm(x, {x.size(-1)}, {}, {}, 1e-6) * (1 + scale) + shift;
}

}  // namespace sana::model
