// Where training gets its samples from, whatever they lie in.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "data/batch.h"

namespace sana::data {

class Dataset {
 public:
  Dataset() = default;
  virtual ~Dataset() = default;
  Dataset(const Dataset&) = delete;
  Dataset& operator=(const Dataset&) = delete;

  virtual Kind kind() const = 0;
  virtual int64_t size() const = 0;
  virtual const SampleInfo& info(int64_t index) const = 0;
  virtual double fps() const = 0;
  // Whether samples are encoded when they are read.
  virtual bool is_encoded_anew() const { return false; }
  // Hash of everything that determines the samples.
  virtual const std::string& fingerprint() const = 0;

  // One sample. Thread-safe. Throws UnusableClip when it is damaged or gone.
  virtual Sample sample(int64_t index) const = 0;

  // A sample of the same shapes with any numbers, where that is quicker to have. Throws UserError
  // when none can be read.
  virtual Sample like(int64_t index) const;

  // kLatents: identities of the encoders (VideoVae::identity, TextEncoder::identity); empty for
  // kPixels.
  virtual const std::string& vae_identity() const;
  virtual const std::string& text_encoder_identity() const;
  // kLatents: text features of the empty caption [1, L, E] and mask [1, L], for caption dropout.
  virtual at::Tensor null_text() const { return {}; }
  virtual at::Tensor null_text_mask() const { return {}; }

  // The samples `indices`, all of one bucket, stacked. Thread-safe. Throws UserError naming a
  // sample that cannot be read.
  Batch read(const std::vector<int64_t>& indices) const;
  // The sample, or the next one of its bucket that can be read, as a batch of one: for measurements
  // that any of them serves. Throws UserError when none can.
  Batch read_readable(int64_t index) const;

 private:
  int64_t find_readable(int64_t index, Sample& found) const;
};

// The samples of a batch, stacked; all belong to the bucket of the first. `pinned`: in page-locked
// memory, from which copies to the GPU need not wait.
Batch stack_samples(const Dataset& dataset, const std::vector<int64_t>& indices,
                    const std::vector<Sample>& samples, bool pinned = false);

}  // namespace sana::data
