#include "train/gradient_reducer.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <utility>

#include "core/error.h"

namespace sana::train {

// Called by autograd when the gradient of a parameter is complete.
class GradientReducer::Hook final : public torch::autograd::PostAccumulateGradHook {
 public:
  Hook(GradientReducer& reducer, size_t parameter) : reducer_(reducer), parameter_(parameter) {}
  void operator()(const at::Tensor&) override { reducer_.arrived(parameter_); }

 private:
  GradientReducer& reducer_;
  size_t parameter_;
};

GradientReducer::GradientReducer(std::vector<at::Tensor> parameters,
                                 const ParameterBuckets& buckets, Communicator& group,
                                 const ReducerOptions& options)
    : parameters_(std::move(parameters)),
      buckets_(buckets),
      group_(group),
      flats_(buckets.sizes.size()),
      came_(parameters_.size(), false),
      had_gradient_(parameters_.size(), false),
      options_(options) {
  SANA_ASSERT(options.scatter || (!options.brief && options.replicas == nullptr));
  for (size_t b = 0; b < flats_.size(); ++b) {
    if (!options.brief) make_sums(b);
    if (options.scatter) make_parts(b);
  }
  for (size_t i = 0; i < parameters_.size(); ++i) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameters_[i],
                                                   std::make_unique<Hook>(*this, i));
  }
}

GradientReducer::~GradientReducer() {
  for (const at::Tensor& parameter : parameters_) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
  }
}

at::Tensor GradientReducer::new_flat(int64_t size, at::ScalarType dtype) const {
  return at::zeros({size}, at::device(parameters_.front().device()).dtype(dtype));
}

void GradientReducer::make_sums(size_t bucket) {
  Flat& flat = flats_[bucket];
  flat.sum = new_flat(buckets_.sizes[bucket], at::kFloat);
  flat.travelling =
      options_.dtype == at::kFloat ? flat.sum : new_flat(buckets_.sizes[bucket], options_.dtype);
}

void GradientReducer::make_parts(size_t bucket) {
  Flat& flat = flats_[bucket];
  const int64_t size = buckets_.sizes[bucket] / group_.size();
  flat.part = new_flat(size, at::kFloat);
  flat.arrived = options_.dtype == at::kFloat ? flat.part : new_flat(size, options_.dtype);
}

at::Tensor GradientReducer::place(size_t parameter) const {
  const Flat& flat = flats_[buckets_.places[parameter].bucket];
  return buckets_.view(flat.sum, parameter, parameters_[parameter]);
}

void GradientReducer::begin(const std::vector<at::Tensor>& sums, bool overlap) {
  SANA_ASSERT(!has_begun_ && (sums.empty() || sums.size() == parameters_.size()));
  earlier_ = sums;
  came_.assign(parameters_.size(), false);
  for (size_t b = 0; b < flats_.size(); ++b) flats_[b].waiting = buckets_.members[b].size();
  next_ = overlapped_ = 0;
  has_begun_ = true;
  listens_ = overlap;
}

void GradientReducer::arrived(size_t parameter) {
  if (!listens_ || came_[parameter]) return;
  came_[parameter] = true;
  --flats_[buckets_.places[parameter].bucket].waiting;
  send_full_ones();
}

// In the order of buckets on every rank, whatever the order in which they fill.
void GradientReducer::send_full_ones() {
  while (next_ < flats_.size() && flats_[next_].waiting == 0) {
    send(next_++);
    ++overlapped_;
  }
}

void GradientReducer::send(size_t bucket) {
  const at::NoGradGuard no_grad;
  if (options_.brief) make_sums(bucket);
  for (const size_t i : buckets_.members[bucket]) {
    at::Tensor& gradient = parameters_[i].mutable_grad();
    at::Tensor sum = place(i);
    had_gradient_[i] = gradient.defined();
    if (!gradient.defined()) {
      earlier_.empty() ? sum.zero_() : sum.copy_(earlier_[i]);
    } else if (earlier_.empty()) {
      sum.copy_(gradient);
    } else {
      at::add_out(sum, earlier_[i], gradient.to(at::kFloat));
    }
    gradient = at::Tensor();
  }
  Flat& flat = flats_[bucket];
  if (!flat.travelling.is_same(flat.sum)) flat.travelling.copy_(flat.sum);
  flat.is_scattered = false;
  flat.pending = options_.scatter
                     ? group_.start_reduce_scatter("gradients", flat.arrived, flat.travelling)
                     : group_.start_all_reduce("gradients", flat.travelling, Reduction::kSum);
  // While this one travels, the one before it goes on to the replicas, or gives its memory back.
  if ((options_.brief || options_.replicas != nullptr) && bucket > 0) scattered(flats_[bucket - 1]);
}

// The sum of the group is there.
void GradientReducer::scattered(Flat& flat) {
  if (flat.is_scattered) return;
  flat.pending->wait();
  flat.pending.reset();
  flat.is_scattered = true;
  if (options_.brief) flat.sum = flat.travelling = at::Tensor();
  if (options_.replicas == nullptr) return;
  flat.pending =
      options_.replicas->start_all_reduce("gradients of replicas", flat.arrived, Reduction::kSum);
}

void GradientReducer::arrive(Flat& flat) {
  scattered(flat);
  if (flat.pending) flat.pending->wait();
  flat.pending.reset();
  if (options_.scatter) {
    if (!flat.arrived.is_same(flat.part)) flat.part.copy_(flat.arrived);
  } else if (!flat.travelling.is_same(flat.sum)) {
    flat.sum.copy_(flat.travelling);
  }
}

std::vector<at::Tensor> GradientReducer::finish() {
  SANA_ASSERT(has_begun_);
  has_begun_ = listens_ = false;
  while (next_ < flats_.size()) send(next_++);
  const at::NoGradGuard no_grad;
  for (Flat& flat : flats_) arrive(flat);
  earlier_.clear();
  std::vector<at::Tensor> result;
  if (options_.scatter) {
    for (const Flat& flat : flats_) result.push_back(flat.part);
  } else {
    for (size_t i = 0; i < parameters_.size(); ++i) result.push_back(place(i));
  }
  return result;
}

}  // namespace sana::train
