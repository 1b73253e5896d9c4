// Named random streams whose state can be saved: one per purpose (noise, timestep, dropout, ...),
// so that drawing from one never shifts another.
#pragma once
#include <ATen/core/Generator.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <string>

#include "core/safetensors.h"

namespace sana {

// 64-bit seed of a stream: a mix of the run's seed and the stream's name.
uint64_t stream_seed(uint64_t seed, const std::string& name);

class RandomStreams {
 public:
  explicit RandomStreams(uint64_t seed) : seed_(seed) {}

  // The generator of a name on a device, created on first use.
  at::Generator& get(const std::string& name, c10::Device device = c10::kCPU);

  // State of every stream as byte tensors named "<name>@<cpu|cuda>".
  TensorMap state() const;
  // Restores what state() gave; streams not named there start anew. Throws UserError on bad names.
  void restore(const TensorMap& state, c10::Device device);

 private:
  uint64_t seed_;
  std::map<std::string, at::Generator> streams_;
};

}  // namespace sana
