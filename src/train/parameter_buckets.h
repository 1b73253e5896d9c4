// Parameters end to end in flat buckets, in which gradients and weights travel between processes:
// the last parameters first, as their gradients come.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <vector>

namespace sana::train {

struct ParameterBuckets {
  struct Place {
    size_t bucket = 0;
    int64_t offset = 0;  // in it
  };
  std::vector<std::vector<size_t>> members;    // of each bucket: numbers of parameters
  std::vector<int64_t> sizes;                  // of each bucket: numbers it holds, filled up
  std::vector<std::optional<int64_t>> blocks;  // of each bucket: whose parameters it has
  std::vector<Place> places;                   // of each parameter

  // The part of a flat bucket [size] that is this parameter, in the shape of `like`.
  at::Tensor view(const at::Tensor& flat, size_t parameter, const at::Tensor& like) const;
  // A new flat bucket [size] of this type that holds those of `tensors` (in the order of the
  // parameters) which are its members, zeros where it is filled up.
  at::Tensor flattened(size_t bucket, const std::vector<at::Tensor>& tensors,
                       at::ScalarType dtype) const;
};

// Buckets of about `bucket_bytes` of float32 numbers; each can be cut into `parts` equal parts.
// `blocks`: of which block of the network each parameter is (none: of no block), so that no bucket
// has those of two; empty: that does not matter.
ParameterBuckets plan_buckets(const std::vector<at::Tensor>& parameters, int64_t bucket_bytes,
                              int64_t parts,
                              const std::vector<std::optional<int64_t>>& blocks = {});

}  // namespace sana::train
