// A prepared data set: HDF5 shards of pixels or of VAE latents with text features, and
// dataset.json, which is written last and names the settings, encoders and sources by hash.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/batch.h"

namespace sana::data {

struct SampleInfo {
  std::string id;  // unique in the data set: relative path of the source, and "#k" for clip k of it
  std::string caption;
  Bucket bucket;
};

class PreparedDataset {
 public:
  // Opens and checks a folder. Throws UserError when it is missing, unfinished (a `prepare` that
  // was stopped; says how to continue), damaged, or of another format version. Samples that were
  // read stay in memory up to cache_bytes.
  explicit PreparedDataset(const std::filesystem::path& directory,
                           int64_t cache_bytes = int64_t{1} << 30);
  ~PreparedDataset();
  PreparedDataset(PreparedDataset&&) noexcept;

  Kind kind() const;
  int64_t size() const;
  const SampleInfo& info(int64_t index) const;
  double fps() const;

  // The samples `indices`, all of one bucket, stacked. Thread-safe.
  Batch read(const std::vector<int64_t>& indices) const;

  // Text features of the empty caption [1, L, E] and mask [1, L] (kLatents), for caption dropout.
  at::Tensor null_text() const;
  at::Tensor null_text_mask() const;

  // kLatents: identities of the encoders that made the cache (VideoVae::identity,
  // TextEncoder::identity). Empty for kPixels.
  const std::string& vae_identity() const;
  const std::string& text_encoder_identity() const;
  // Hash of everything that determines the samples.
  const std::string& fingerprint() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sana::data
