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

at::Tensor output_norm(const at::Tensor& x, const at::Tensor& table, const at::Tensor& embedding,
                       int64_t frames) {
  // [B, 1 or T, 2, D] -> two of [B, 1 or T, 1, D]
  const auto parts = (table + embedding.unsqueeze(2)).unsqueeze(2).unbind(3);
  const at::Tensor by_frame = x.unflatten(1, {frames, x.size(1) / frames});
  return modulated_layer_norm(by_frame, parts[0], parts[1]).view(x.sizes());
}

}  // namespace sana::model
