#include "model/caption_projection.h"

#include <ATen/ATen.h>

namespace sana::model {

CaptionProjectionImpl::CaptionProjectionImpl(int64_t text_dim, int64_t dim)
    : linear_1_(register_module("linear_1", Linear(text_dim, dim))),
      linear_2_(register_module("linear_2", Linear(dim, dim))) {}

at::Tensor CaptionProjectionImpl::forward(const at::Tensor& text) {
  return linear_2_(at::gelu(linear_1_(text), "tanh"));
}

}  // namespace sana::model
