// What training reads. Shapes are documented here once.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/geometry/clip_size.h"

namespace sana::data {

// What a data set holds.
enum class Kind { kPixels, kLatents };

struct Sample {
  at::Tensor pixels;   // kPixels: [F, H, W, 3] uint8
  at::Tensor latents;  // kLatents: [C, T, h, w] float32, normalised
  at::Tensor text;     // kLatents: [L, E] float32
  at::Tensor mask;     // kLatents: [L] int64
};

struct SampleInfo {
  std::string id;  // unique in the data set: relative path of the source, and "#k" for clip k of it
  std::string caption;
  ClipSize bucket;    // the size that it was brought to
  double weight = 1;  // times it is drawn in an epoch, on average
};

struct Batch {
  // kPixels: [B, 3, F, H, W] uint8.  kLatents: [B, C, T, h, w] float32, normalised
  at::Tensor data;
  at::Tensor text;       // [B, L, E] float32; undefined for kPixels
  at::Tensor text_mask;  // [B, L] int64; undefined for kPixels
  std::vector<std::string> ids;
  ClipSize bucket;          // of every sample
  int64_t first_index = 0;  // of its first sample in the global batch of the step
};

// Position in the endless sequence of global batches: a pure function of (seed, epoch, cursor)
// gives the samples, so this is all that resuming needs. The same on every rank.
struct Position {
  int64_t epoch = 0;
  int64_t cursor = 0;  // steps of this epoch already given out
  auto operator<=>(const Position&) const = default;
};

}  // namespace sana::data
