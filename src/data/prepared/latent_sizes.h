// Shapes of latents in a set that does not name the geometry of its VAE, as earlier versions wrote it.
// Nothing outside this folder needs it.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "data/prepared/dataset_file.h"
#include "data/prepared/shards.h"

namespace sana::data {

// What all samples have in common: channels and strides are those of the first sample of the set
// that is whole and fits itself, latent frames those of the first with as many frames.
class LatentSizes {
 public:
  // Both must live as long as this.
  LatentSizes(const Shards& shards, const DatasetFile& dataset)
      : shards_(shards), dataset_(dataset) {}

  // [C, T, h, w] of a bucket; kAny where no sample says it. Reads samples when it is asked for
  // another number of frames than before. Thread-safe.
  std::vector<int64_t> expected(const ClipSize& bucket, const Sample& null_text);

 private:
  struct Rule {
    int64_t channels, stride_h, stride_w;
    bool operator==(const Rule&) const = default;
  };
  void learn(int64_t frames, const Sample& null_text);

  const Shards& shards_;
  const DatasetFile& dataset_;
  std::mutex lock_;  // of what follows
  std::optional<Rule> rule_;
  std::map<int64_t, int64_t> latent_frames_;  // by frames
};

}  // namespace sana::data
