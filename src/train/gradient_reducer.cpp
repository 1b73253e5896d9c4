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

GradientReducer::GradientReducer(std::vector<at::Tensor> parameters, Communicator& group,
                                 const ReducerOptions& options)
    : parameters_(std::move(parameters)),
      group_(group),
      dtype_(options.dtype),
      bucket_of_(parameters_.size()),
      places_(parameters_.size()),
      came_(parameters_.size(), false),
      had_gradient_(parameters_.size(), false) {
  make_buckets(options.bucket_bytes);
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

// The last parameters have their gradients first.
void GradientReducer::make_buckets(int64_t bucket_bytes) {
  int64_t bytes = bucket_bytes;  // the first parameter opens a bucket
  for (size_t i = parameters_.size(); i-- > 0;) {
    if (bytes >= bucket_bytes) {
      buckets_.emplace_back();
      bytes = 0;
    }
    buckets_.back().parameters.push_back(i);
    bucket_of_[i] = buckets_.size() - 1;
    bytes += parameters_[i].numel() * int64_t(sizeof(float));
  }
  for (Bucket& bucket : buckets_) {
    int64_t count = 0;
    for (const size_t i : bucket.parameters) count += parameters_[i].numel();
    const auto options = parameters_[bucket.parameters[0]].options().requires_grad(false);
    bucket.sum = at::zeros({count}, options.dtype(at::kFloat));
    bucket.travelling =
        dtype_ == at::kFloat ? bucket.sum : at::zeros({count}, options.dtype(dtype_));
    int64_t at = 0;
    for (const size_t i : bucket.parameters) {
      places_[i] = bucket.sum.narrow(0, at, parameters_[i].numel()).view(parameters_[i].sizes());
      at += parameters_[i].numel();
    }
  }
}

void GradientReducer::begin(const std::vector<at::Tensor>& sums, bool overlap) {
  SANA_ASSERT(!has_begun_ && (sums.empty() || sums.size() == parameters_.size()));
  sums_ = sums;
  came_.assign(parameters_.size(), false);
  for (Bucket& bucket : buckets_) bucket.waiting = bucket.parameters.size();
  next_ = overlapped_ = 0;
  has_begun_ = true;
  listens_ = overlap;
}

void GradientReducer::arrived(size_t parameter) {
  if (!listens_ || came_[parameter]) return;
  came_[parameter] = true;
  --buckets_[bucket_of_[parameter]].waiting;
  send_full_ones();
}

// In the order of buckets on every rank, whatever the order in which they fill.
void GradientReducer::send_full_ones() {
  while (next_ < buckets_.size() && buckets_[next_].waiting == 0) {
    send(buckets_[next_++]);
    ++overlapped_;
  }
}

void GradientReducer::send(Bucket& bucket) {
  const at::NoGradGuard no_grad;
  for (const size_t i : bucket.parameters) {
    at::Tensor& gradient = parameters_[i].mutable_grad();
    had_gradient_[i] = gradient.defined();
    if (!gradient.defined()) {
      sums_.empty() ? places_[i].zero_() : places_[i].copy_(sums_[i]);
    } else if (sums_.empty()) {
      places_[i].copy_(gradient);
    } else {
      at::add_out(places_[i], sums_[i], gradient.to(at::kFloat));
    }
    gradient = at::Tensor();
  }
  if (dtype_ != at::kFloat) bucket.travelling.copy_(bucket.sum);
  bucket.pending = group_.start_all_reduce("gradients", bucket.travelling, Reduction::kSum);
}

std::vector<at::Tensor> GradientReducer::finish() {
  SANA_ASSERT(has_begun_);
  has_begun_ = listens_ = false;
  while (next_ < buckets_.size()) send(buckets_[next_++]);
  const at::NoGradGuard no_grad;
  for (Bucket& bucket : buckets_) {
    bucket.pending->wait();
    bucket.pending.reset();
    if (dtype_ != at::kFloat) bucket.sum.copy_(bucket.travelling);
  }
  sums_.clear();
  return places_;
}

}  // namespace sana::train
