#include "model/linear.h"

#include <ATen/ATen.h>

#include <cmath>

#include "model/parameter.h"

namespace sana::model {

LinearImpl::LinearImpl(int64_t in, int64_t out, bool with_bias) {
  const Fill fill = uniform(1.0 / std::sqrt(double(in)));
  weight = register_parameter("weight", new_parameter({out, in}, fill));
  if (with_bias) bias = register_parameter("bias", new_parameter({out}, fill));
}

at::Tensor LinearImpl::forward(const at::Tensor& x) { return at::linear(x, weight, bias); }

}  // namespace sana::model
