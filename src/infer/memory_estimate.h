// How much memory sampling will need on the device, by owner.
#pragma once
#include <c10/core/ScalarType.h>

#include <cstdint>

#include "checkpoints/checkpoint.h"
#include "infer/sample_job.h"
#include "model/vae/tiling_config.h"

namespace sana::infer {

// Bytes of one network: its weights, and the most that a pass over its input adds to them.
struct PartMemory {
  int64_t weights = 0;
  int64_t activations = 0;
  int64_t total() const { return weights + activations; }
};

struct MemoryEstimate {
  PartMemory text_encoder, transformer, vae;

  // Highest sum while all parts stay loaded, or while each is alone (--offload).
  int64_t peak() const;
  int64_t peak_offloaded() const;
};

// From the shapes of a job: every network runs once without data. Precision of the transformer and
// of the VAE; tiles of the VAE.
MemoryEstimate estimate_sampling(const checkpoints::Checkpoint& checkpoint, const SampleJob& job,
                                 c10::ScalarType dtype, c10::ScalarType vae_dtype,
                                 const model::TilingConfig& tiling);

}  // namespace sana::infer
