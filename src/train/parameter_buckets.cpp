#include "train/parameter_buckets.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace sana::train {

at::Tensor ParameterBuckets::view(const at::Tensor& flat, size_t parameter,
                                  const at::Tensor& like) const {
  return flat.narrow(0, places[parameter].offset, like.numel()).view(like.sizes());
}

at::Tensor ParameterBuckets::flattened(size_t bucket, const std::vector<at::Tensor>& tensors,
                                       at::ScalarType dtype) const {
  const at::NoGradGuard no_grad;
  const auto& device = tensors[members[bucket].front()].device();
  const at::Tensor flat = at::zeros({sizes[bucket]}, at::device(device).dtype(dtype));
  for (const size_t i : members[bucket]) view(flat, i, tensors[i]).copy_(tensors[i]);
  return flat;
}

ParameterBuckets plan_buckets(const std::vector<at::Tensor>& parameters, int64_t bucket_bytes,
                              int64_t parts, const std::vector<std::optional<int64_t>>& blocks) {
  ParameterBuckets plan;
  plan.places.resize(parameters.size());
  int64_t bytes = 0;
  for (size_t i = parameters.size(); i-- > 0;) {
    const auto block = blocks.empty() ? std::nullopt : blocks[i];
    if (plan.members.empty() || bytes >= bucket_bytes || plan.blocks.back() != block) {
      plan.members.emplace_back();
      plan.sizes.push_back(0);
      plan.blocks.push_back(block);
      bytes = 0;
    }
    plan.members.back().push_back(i);
    plan.places[i] = {plan.members.size() - 1, plan.sizes.back()};
    plan.sizes.back() += parameters[i].numel();
    bytes += parameters[i].numel() * int64_t(sizeof(float));
  }
  for (int64_t& size : plan.sizes) size = (size + parts - 1) / parts * parts;
  return plan;
}

}  // namespace sana::train
