#include "train/host_copies.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <utility>

#include "core/device.h"

namespace sana::train {
namespace {

bool fits(const at::Tensor& copy, at::IntArrayRef sizes, const at::TensorOptions& like) {
  return copy.defined() && copy.sizes() == sizes && copy.dtype() == like.dtype();
}

}  // namespace

TensorMap HostCopies::take(const std::string& group, const TensorMap& tensors) {
  TensorMap copies;
  for (const auto& [name, tensor] : tensors) {
    copies[name] = memory(group, name, tensor.sizes(), tensor.options());
    copy(copies[name], tensor);
  }
  groups_[group] = copies;  // what has gone needs no memory any more
  wait();
  return copies;
}

at::Tensor HostCopies::memory(const std::string& group, const std::string& name,
                              at::IntArrayRef sizes, const at::TensorOptions& like) {
  at::Tensor& memory = groups_[group][name];
  if (!fits(memory, sizes, like)) {
    memory = at::Tensor();  // first, so that the two never lie side by side
    memory = at::empty(
        sizes, at::TensorOptions().dtype(like.dtype()).pinned_memory(like.device().is_cuda()));
  }
  return memory;
}

void HostCopies::copy(const at::Tensor& memory, const at::Tensor& tensor) {
  const at::NoGradGuard no_grad;
  memory.copy_(tensor, /*non_blocking=*/true);
  if (tensor.is_cuda()) busy_.insert(tensor.device().index());
}

void HostCopies::wait() {
  for (const c10::DeviceIndex gpu : std::exchange(busy_, {})) {
    synchronize(c10::Device(at::kCUDA, gpu));
  }
}

}  // namespace sana::train
