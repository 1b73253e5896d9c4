// Text features to the width of the transformer.
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>

#include "model/linear.h"

namespace sana::model {

// Linear, GELU (tanh form), Linear.   [B, L, E] -> [B, L, D]
class CaptionProjectionImpl : public torch::nn::Module {
 public:
  CaptionProjectionImpl(int64_t text_dim, int64_t dim);
  at::Tensor forward(const at::Tensor& text);

 private:
  Linear linear_1_{nullptr}, linear_2_{nullptr};
};
TORCH_MODULE(CaptionProjection);

}  // namespace sana::model
