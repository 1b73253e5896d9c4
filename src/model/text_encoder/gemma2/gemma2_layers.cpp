#include "model/text_encoder/gemma2/gemma2_layers.h"

#include <ATen/ATen.h>

#include "model/parameter.h"

namespace sana::model {

Gemma2WeightImpl::Gemma2WeightImpl(at::IntArrayRef shape)
    : weight(register_parameter("weight", unfilled_parameter(shape), false)) {}

at::Tensor Gemma2WeightImpl::forward(const at::Tensor& x) const { return at::linear(x, weight); }

Gemma2RmsNormImpl::Gemma2RmsNormImpl(int64_t dim, double eps)
    : eps_(eps), weight_(register_parameter("weight", unfilled_parameter({dim}), false)) {}

at::Tensor Gemma2RmsNormImpl::forward(const at::Tensor& x) const {
  const at::Tensor scale = weight_.to(at::kFloat) + 1.0;
  return at::rms_norm(x.to(at::kFloat), weight_.sizes(), scale, eps_).to(x.scalar_type());
}

Gemma2MlpImpl::Gemma2MlpImpl(const Gemma2Config& config)
    : gate_proj_(register_module("gate_proj", Gemma2Weight(at::IntArrayRef{config.intermediate_size,
                                                                           config.hidden_size}))),
      up_proj_(register_module(
          "up_proj", Gemma2Weight(at::IntArrayRef{config.intermediate_size, config.hidden_size}))),
      down_proj_(register_module("down_proj", Gemma2Weight(at::IntArrayRef{
                                                  config.hidden_size, config.intermediate_size}))) {
}

at::Tensor Gemma2MlpImpl::forward(const at::Tensor& x) const {
  return down_proj_->forward(at::gelu(gate_proj_->forward(x), "tanh").mul_(up_proj_->forward(x)));
}

}  // namespace sana::model
