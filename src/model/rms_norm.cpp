#include "model/rms_norm.h"

#include <ATen/ATen.h>

#include "model/parameter.h"

namespace sana::model {

RmsNormImpl::RmsNormImpl(int64_t dim, double eps)
    : eps_(eps), weight_(register_parameter("weight", new_parameter({dim}, ones()))) {}

at::Tensor RmsNormImpl::forward(const at::Tensor& x) {
  return at::rms_norm(x, weight_.sizes(), weight_, eps_);
}

at::Tensor normalized(RmsNorm& norm, const at::Tensor& x) { return norm.is_empty() ? x : norm(x); }

}  // namespace sana::model
