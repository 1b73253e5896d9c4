// Sums the gradients of all processes while the backward pass still runs: parameters are put
// together in buckets, in the order in which their gradients come, and a bucket travels as soon as
// it is full (Li et al., "PyTorch Distributed", VLDB 2020). Each process gets the whole sum, or its
// part of every bucket where it updates only that (Rajbhandari et al., "ZeRO", SC 2020).
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "core/distributed/communicator.h"
#include "train/parameter_buckets.h"

namespace sana::train {

struct ReducerOptions {
  at::ScalarType dtype = at::kFloat;  // in which sums travel: float32 or bfloat16
  bool scatter = false;               // each process gets its part only
  bool brief = false;                 // buckets have memory only while they travel; with `scatter`
  // Those that have the same part of other samples, over which it is summed as well; null: none.
  Communicator* replicas = nullptr;
};

class GradientReducer {
 public:
  // Of these parameters, in these buckets; all of it outlives this, and so does the group.
  GradientReducer(std::vector<at::Tensor> parameters, const ParameterBuckets& buckets,
                  Communicator& group, const ReducerOptions& options);
  ~GradientReducer();
  GradientReducer(const GradientReducer&) = delete;
  GradientReducer& operator=(const GradientReducer&) = delete;

  // Before the backward pass of the last micro-step: buckets travel as their gradients come.
  // `sums`: float32 gradients of the earlier micro-steps, in the order of the parameters, which are
  // added; empty: the parameters' own gradients are the sums. Without `overlap` nothing travels
  // before finish(): kernels of a recorded pass are replayed, and no gradient is told.
  void begin(const std::vector<at::Tensor>& sums, bool overlap);
  // After it: sends what is left (buckets with parameters that had no gradient, which count as
  // zero) and waits. The result in float32, until the next begin(): the sums in the order of the
  // parameters, or this process' part of each bucket. Parameters have no gradients afterwards.
  std::vector<at::Tensor> finish();

  // Whether this parameter had a gradient when its bucket was sent.
  bool had_gradient(size_t parameter) const { return had_gradient_[parameter]; }
  // How many buckets began to travel before finish().
  size_t num_overlapped() const { return overlapped_; }

 private:
  // Of one bucket. Where sums travel in float32, `travelling` and `arrived` are `sum` and `part`.
  // Those that are brief exist from send() to arrive().
  struct Flat {
    at::Tensor sum;                    // [size] float32
    at::Tensor part;                   // [size / processes] float32, where sums are scattered
    at::Tensor travelling;             // [size] in the type that travels
    at::Tensor arrived;                // [size / processes] in it
    size_t waiting = 0;                // for gradients
    std::unique_ptr<Pending> pending;  // of the group, and then of the replicas
    bool is_scattered = false;         // it is of the replicas
  };
  class Hook;

  void make_sums(size_t bucket);
  void make_parts(size_t bucket);
  at::Tensor new_flat(int64_t size, at::ScalarType dtype) const;
  void arrived(size_t parameter);
  void send_full_ones();
  void send(size_t bucket);
  at::Tensor place(size_t parameter) const;
  void scattered(Flat& flat);
  void arrive(Flat& flat);

  std::vector<at::Tensor> parameters_;
  const ParameterBuckets& buckets_;
  Communicator& group_;
  std::vector<Flat> flats_;
  std::vector<at::Tensor> earlier_;
  std::vector<bool> came_, had_gradient_;
  size_t next_ = 0, overlapped_ = 0;
  ReducerOptions options_;
  bool has_begun_ = false, listens_ = false;
};

}  // namespace sana::train
