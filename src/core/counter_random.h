// Random numbers that are a pure function of where they are used: of the run's seed, the purpose,
// the optimizer step and the sample's place in the global batch. However many processes share a
// batch, and wherever a run was resumed, the numbers are the same.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <array>
#include <cstdint>
#include <string>

namespace sana {

// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011):
// four random words for each counter under a key.
using PhiloxWords = std::array<uint32_t, 4>;
PhiloxWords philox(PhiloxWords counter, uint64_t key);

// The part of a clip that a tensor of noise covers.
struct NoiseShape {
  int64_t channels = 1, frames = 1, height = 1, width = 1;
  int64_t first_frame = 0;  // in the clip: where several processes share its frames
};

// The numbers of one purpose in one step.
class RandomStream {
 public:
  RandomStream(uint64_t key, int64_t step) : key_(key), step_(step) {}

  // Number `draw` of a sample: uniform in [0, 1); standard normal; one of 0 .. bound - 1.
  double uniform(int64_t sample, int64_t draw = 0) const;
  double normal(int64_t sample, int64_t draw = 0) const;
  int64_t below(int64_t bound, int64_t sample, int64_t draw = 0) const;

  // Standard normal numbers [B, C, T, h, w] float32 of the samples `first_sample` on. Each depends
  // on its channel, frame, row and column (and h, w), and on nothing else of the shape. Devices
  // differ in the last bits of a logarithm only.
  at::Tensor noise(int64_t first_sample, int64_t samples, const NoiseShape& shape,
                   c10::Device device) const;

 private:
  PhiloxWords words(int64_t sample, int64_t draw) const;

  uint64_t key_;
  int64_t step_;
};

// All random numbers of one step: streams by purpose, so that drawing for one never shifts another.
class StepRandom {
 public:
  StepRandom(uint64_t seed, int64_t step) : seed_(seed), step_(step) {}
  RandomStream stream(const std::string& purpose) const;

 private:
  uint64_t seed_;
  int64_t step_;
};

// What noise() computes, in two ways that the tests compare: a loop, and tensor operations for any
// device.  [B, C, T, h, w] float32
struct NoiseBlock {
  uint64_t key = 0;
  int64_t step = 0, first_sample = 0, samples = 1;
  NoiseShape shape;
};
at::Tensor noise_by_loop(const NoiseBlock& block);
at::Tensor noise_by_tensors(const NoiseBlock& block, c10::Device device);

}  // namespace sana
