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
      places_(parameters_.size()),
      came_(parameters_.size(), false),
      had_gradient_(parameters_.size(), false),
      scatters_(options.scatter) {
  make_flats(options);
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

void GradientReducer::make_flats(const ReducerOptions& options) {
  const auto device = parameters_.front().device();
  for (size_t b = 0; b < buckets_.sizes.size(); ++b) {
    const int64_t size = buckets_.sizes[b];
    const auto zeros = [&](int64_t count, at::ScalarType dtype) {
      return at::zeros({count}, at::device(device).dtype(dtype));
    };
    const bool is_plain = options.dtype == at::kFloat;
    Flat& flat = flats_.emplace_back();
    flat.sum = zeros(size, at::kFloat);
    flat.travelling = is_plain ? flat.sum : zeros(size, options.dtype);
    if (scatters_) {
      flat.part = zeros(size / group_.size(), at::kFloat);
      flat.arrived = is_plain ? flat.part : zeros(size / group_.size(), options.dtype);
    }
    for (const size_t i : buckets_.members[b]) {
      places_[i] = buckets_.view(flat.sum, i, parameters_[i]);
    }
  }
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
  for (const size_t i : buckets_.members[bucket]) {
    at::Tensor& gradient = parameters_[i].mutable_grad();
    had_gradient_[i] = gradient.defined();
    if (!gradient.defined()) {
      earlier_.empty() ? places_[i].zero_() : places_[i].copy_(earlier_[i]);
    } else if (earlier_.empty()) {
      places_[i].copy_(gradient);
    } else {
      at::add_out(places_[i], earlier_[i], gradient.to(at::kFloat));
    }
    gradient = at::Tensor();
  }
  Flat& flat = flats_[bucket];
  if (!flat.travelling.is_same(flat.sum)) flat.travelling.copy_(flat.sum);
  flat.pending = scatters_ ? group_.start_reduce_scatter("gradients", flat.arrived, flat.travelling)
                           : group_.start_all_reduce("gradients", flat.travelling, Reduction::kSum);
}

std::vector<at::Tensor> GradientReducer::finish() {
  SANA_ASSERT(has_begun_);
  has_begun_ = listens_ = false;
  while (next_ < flats_.size()) send(next_++);
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> parts;
  for (Flat& flat : flats_) {
    flat.pending->wait();
    flat.pending.reset();
    if (scatters_) {
      if (!flat.arrived.is_same(flat.part)) flat.part.copy_(flat.arrived);
      parts.push_back(flat.part);
    } else if (!flat.travelling.is_same(flat.sum)) {
      flat.sum.copy_(flat.travelling);
    }
  }
  earlier_.clear();
  return scatters_ ? parts : places_;
}

}  // namespace sana::train
