// Tensors to the device without making the host wait.
#pragma once
#include <ATen/ATen.h>

namespace sana::train {

// Page-locked first, so that the copy queues behind running kernels and returns at once.
inline at::Tensor to_device(const at::Tensor& tensor, c10::Device device) {
  if (!device.is_cuda() || tensor.is_cuda()) return tensor.to(device);
  return tensor.pin_memory().to(device, /*non_blocking=*/true);
}

}  // namespace sana::train
