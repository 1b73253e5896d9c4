#include "train/owned_tensors.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "core/error.h"

namespace sana::train {
namespace {

// Who takes each of these, the largest first, so that sums are about equal: whoever has least.
std::vector<int64_t> owners_of(const std::vector<int64_t>& sizes, std::vector<int64_t>& loads) {
  std::vector<size_t> order(sizes.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return sizes[a] > sizes[b]; });
  std::vector<int64_t> owners(sizes.size());
  for (const size_t i : order) {
    const auto least = std::min_element(loads.begin(), loads.end());
    owners[i] = least - loads.begin();
    *least += sizes[i];
  }
  return owners;
}

}  // namespace

std::string SavedPart::name_of_shard() const {
  return shards == 1 ? file : shard_name(file, number, shards);
}

OwnedTensors::OwnedTensors(const TrainedLayout& layout, const TensorMap& fixed, const Writer& me)
    : layout_(layout), me_(me), buckets_of_(static_cast<size_t>(me.count)) {
  SANA_ASSERT(layout.parts == nullptr ||
              (layout.parts->size() == me.count && layout.parts->rank() == me.rank));
  std::vector<int64_t> loads(buckets_of_.size(), 0);
  bucket_owners_ = owners_of(layout.buckets.sizes, loads);
  std::vector<size_t> order(bucket_owners_.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return layout.buckets.sizes[a] > layout.buckets.sizes[b];
  });
  for (const size_t b : order) buckets_of_[size_t(bucket_owners_[b])].push_back(b);
  std::vector<int64_t> sizes;
  for (const auto& [name, tensor] : fixed) sizes.push_back(tensor.numel());
  const std::vector<int64_t> owners = owners_of(sizes, loads);
  size_t i = 0;
  for (const auto& [name, tensor] : fixed) fixed_owners_[name] = owners[i++];
}

int64_t OwnedTensors::owner_of_other(const std::string& name) const {
  const auto found = fixed_owners_.find(name);
  return found == fixed_owners_.end() ? 0 : found->second;
}

SavedPart OwnedTensors::take(const std::string& file, const std::vector<Values>& values,
                             const TensorMap& others, HostCopies& copies) const {
  const at::NoGradGuard no_grad;
  SavedPart part;
  part.file = file;
  std::set<int64_t> writers;
  for (const Values& list : values) {
    for (const std::string& name : layout_.names) part.names.push_back(list.prefix + name);
    if (me_.writes) {
      layout_.parts != nullptr ? take_parts(file, list, copies, part.tensors)
                               : take_own(file, list, copies, part.tensors);
    }
    writers.insert(bucket_owners_.begin(), bucket_owners_.end());
    if (bucket_owners_.empty()) writers.insert(0);
  }
  for (const auto& [name, tensor] : others) {
    part.names.push_back(name);
    const int64_t owner = owner_of_other(name);
    writers.insert(owner);
    if (!me_.writes || owner != me_.rank) continue;
    part.tensors[name] = copies.memory(file, name, tensor.sizes(), tensor.options());
    copies.copy(part.tensors[name], tensor);
  }
  part.shards = int64_t(writers.size());
  part.number = std::distance(writers.begin(), writers.lower_bound(me_.rank)) + 1;
  SANA_ASSERT(part.tensors.empty() == (!me_.writes || writers.count(me_.rank) == 0));
  return part;
}

// Every process has all of them.
void OwnedTensors::take_own(const std::string& file, const Values& values, HostCopies& copies,
                            TensorMap& tensors) const {
  SANA_ASSERT(values.values.size() == layout_.names.size());
  for (size_t i = 0; i < layout_.names.size(); ++i) {
    const int64_t owner =
        bucket_owners_.empty() ? 0 : bucket_owners_[layout_.buckets.places[i].bucket];
    if (owner != me_.rank) continue;
    const std::string name = values.prefix + layout_.names[i];
    const at::Tensor& value = values.values[i];
    tensors[name] = copies.memory(file, name, value.sizes(), value.options());
    copies.copy(tensors[name], value);
  }
}

// Of a round: from every member its part of the bucket that is this process' one, [n, size / n]
// filled up to the largest of the round; undefined: none is.
at::Tensor OwnedTensors::exchanged(const std::vector<at::Tensor>& values, size_t round) const {
  int64_t longest = 0;
  for (const std::vector<size_t>& buckets : buckets_of_) {
    if (round < buckets.size()) longest = std::max(longest, values[buckets[round]].numel());
  }
  const at::Tensor sent = at::zeros({me_.count, longest}, values.front().options());
  for (size_t r = 0; r < buckets_of_.size(); ++r) {
    if (round >= buckets_of_[r].size()) continue;
    const at::Tensor& value = values[buckets_of_[r][round]];
    sent[int64_t(r)].narrow(0, 0, value.numel()).copy_(value);
  }
  const at::Tensor received = at::empty_like(sent);
  layout_.parts
      ->start_exchange("tensors to save", received.view({-1}), sent.view({-1}),
                       std::vector<int64_t>(size_t(me_.count), longest))
      ->wait();
  const auto& mine = buckets_of_[size_t(me_.rank)];
  if (round >= mine.size()) return {};
  return received.narrow(1, 0, values[mine[round]].numel());
}

void OwnedTensors::take_parts(const std::string& file, const Values& values, HostCopies& copies,
                              TensorMap& tensors) const {
  const ParameterBuckets& buckets = layout_.buckets;
  SANA_ASSERT(values.values.size() == buckets.sizes.size());
  size_t rounds = 0;
  for (const auto& list : buckets_of_) rounds = std::max(rounds, list.size());
  for (size_t round = 0; round < rounds; ++round) {
    const at::Tensor parts = exchanged(values.values, round);
    if (!parts.defined()) continue;
    const size_t b = buckets_of_[size_t(me_.rank)][round];
    // On the host the parts lie end to end, and so do the tensors in them.
    const at::Tensor flat = copies.memory(file, fmt::format("{}bucket {}", values.prefix, b),
                                          {buckets.sizes[b]}, parts.options());
    copies.copy(flat.view(parts.sizes()), parts);
    for (const size_t i : buckets.members[b]) {
      tensors[values.prefix + layout_.names[i]] = buckets.view(flat, i, layout_.parameters[i]);
    }
  }
}

}  // namespace sana::train
