// Sums the gradients of all processes while the backward pass still runs: parameters are put
// together in buckets, in the order in which their gradients come, and a bucket travels as soon as
// it is full (Li et al., "PyTorch Distributed", VLDB 2020).
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "core/distributed/communicator.h"

namespace sana::train {

struct ReducerOptions {
  int64_t bucket_bytes = int64_t(25) << 20;
  at::ScalarType dtype = at::kFloat;  // in which sums travel: float32 or bfloat16
};

class GradientReducer {
 public:
  // Of these parameters; both outlive it.
  GradientReducer(std::vector<at::Tensor> parameters, Communicator& group,
                  const ReducerOptions& options);
  ~GradientReducer();
  GradientReducer(const GradientReducer&) = delete;
  GradientReducer& operator=(const GradientReducer&) = delete;

  // Before the backward pass of the last micro-step: buckets travel as their gradients come.
  // `sums`: float32 gradients of the earlier micro-steps, in the order of the parameters, which are
  // added; empty: the parameters' own gradients are the sums.
  // Without `overlap` nothing travels before finish(): kernels of a recorded pass are replayed, and
  // no gradient is told.
  void begin(const std::vector<at::Tensor>& sums, bool overlap);
  // After it: sends what is left (buckets with parameters that had no gradient, which count as
  // zero) and waits. The result in float32, in the order of the parameters: views into the buckets,
  // until the next begin(). Parameters have no gradients afterwards.
  std::vector<at::Tensor> finish();

  // Whether this parameter had a gradient when its bucket was sent.
  bool had_gradient(size_t parameter) const { return had_gradient_[parameter]; }
  size_t num_buckets() const { return buckets_.size(); }
  // Of them, how many began to travel before finish().
  size_t num_overlapped() const { return overlapped_; }

 private:
  struct Bucket {
    std::vector<size_t> parameters;
    at::Tensor sum;         // [n] float32
    at::Tensor travelling;  // the same, or a copy in the type that travels
    size_t waiting = 0;     // for gradients
    std::unique_ptr<Pending> pending;
  };
  class Hook;

  void make_buckets(int64_t bucket_bytes);
  void arrived(size_t parameter);
  void send_full_ones();
  void send(Bucket& bucket);

  std::vector<at::Tensor> parameters_;
  Communicator& group_;
  at::ScalarType dtype_;
  std::vector<Bucket> buckets_;
  std::vector<size_t> bucket_of_;   // by parameter
  std::vector<at::Tensor> places_;  // views of the buckets, by parameter
  std::vector<at::Tensor> sums_;
  std::vector<bool> came_, had_gradient_;
  size_t next_ = 0, overlapped_ = 0;
  bool has_begun_ = false, listens_ = false;
};

}  // namespace sana::train
