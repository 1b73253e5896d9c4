// Moving average of the weights, in float32.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace sana::train {

// average = d average + (1 - d) weights, with d = min(decay, (1 + n) / (10 + n)) after n steps, so
// that the random weights of the beginning are soon forgotten.
class Ema {
 public:
  Ema(const std::vector<at::Tensor>& weights, double decay);

  void update(const std::vector<at::Tensor>& weights, int64_t steps_done);
  const std::vector<at::Tensor>& weights() const { return average_; }

 private:
  double decay_;
  std::vector<at::Tensor> average_;
};

}  // namespace sana::train
