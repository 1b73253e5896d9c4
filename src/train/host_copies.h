// Copies of tensors on the host, made again and again into the same memory: a run's checkpoints cost
// the host as much at the last as at the first.
#pragma once
#include <map>
#include <set>
#include <string>

#include "core/safetensors.h"

namespace sana::train {

class HostCopies {
 public:
  // The tensors, copied; those of a later call under the same `group` take the place of these.
  // Copies from a GPU go to page-locked memory and run together; the host waits for them once.
  TensorMap take(const std::string& group, const TensorMap& tensors);
  // One tensor of a group, or several parts of it, without waiting: copy() into the memory of that
  // name, and wait() before it is read.
  at::Tensor memory(const std::string& group, const std::string& name, at::IntArrayRef sizes,
                    const at::TensorOptions& like);
  void copy(const at::Tensor& memory, const at::Tensor& tensor);
  void wait();

 private:
  std::set<c10::DeviceIndex> busy_;  // GPUs that copies come from
  std::map<std::string, TensorMap> groups_;
};

}  // namespace sana::train
