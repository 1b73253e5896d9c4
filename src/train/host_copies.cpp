#include "train/host_copies.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <set>

#include "core/device.h"

namespace sana::train {
namespace {

bool fits(const at::Tensor& copy, const at::Tensor& tensor) {
  return copy.sizes() == tensor.sizes() && copy.scalar_type() == tensor.scalar_type();
}

}  // namespace

TensorMap HostCopies::take(const std::string& group, const TensorMap& tensors) {
  const at::NoGradGuard no_grad;
  const TensorMap known = std::move(groups_[group]);
  TensorMap& copies = groups_[group] = {};
  std::set<c10::DeviceIndex> gpus;
  for (const auto& [name, tensor] : tensors) {
    const auto found = known.find(name);
    at::Tensor copy =
        found != known.end() && fits(found->second, tensor)
            ? found->second
            : at::empty(tensor.sizes(),
                        tensor.options().device(at::kCPU).pinned_memory(tensor.is_cuda()));
    copy.copy_(tensor, /*non_blocking=*/true);
    if (tensor.is_cuda()) gpus.insert(tensor.device().index());
    copies.emplace(name, std::move(copy));
  }
  for (const c10::DeviceIndex gpu : gpus) synchronize(c10::Device(at::kCUDA, gpu));
  return copies;
}

}  // namespace sana::train
