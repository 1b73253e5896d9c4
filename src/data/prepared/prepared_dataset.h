// A prepared data set: HDF5 shards of pixels or of VAE latents with text features, and
// dataset.json, which is written last and names the settings, encoders and sources by hash.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace sana::data {

// Whether a folder is a prepared data set, or the unfinished beginning of one, which opening it
// says.
bool is_prepared(const std::filesystem::path& folder);

class PreparedDataset final : public Dataset {
 public:
  // Opens and checks a folder. Throws UserError when it is missing, unfinished (a `prepare` that
  // was stopped; says how to continue), damaged, or of another format version. Samples that were
  // read stay in memory up to cache_bytes.
  explicit PreparedDataset(const std::filesystem::path& directory,
                           int64_t cache_bytes = int64_t{1} << 30);
  ~PreparedDataset() override;

  Kind kind() const override;
  int64_t size() const override;
  const SampleInfo& info(int64_t index) const override;
  double fps() const override;
  const std::string& fingerprint() const override;
  Sample sample(int64_t index) const override;
  const std::string& vae_identity() const override;
  const std::string& text_encoder_identity() const override;
  at::Tensor null_text() const override;
  at::Tensor null_text_mask() const override;

  // Compares the files of the shards and of their indices with the hashes in dataset.json; what is
  // wrong with which. A shard may be damaged where no sample lies, or where other programs read.
  std::vector<std::string> damaged_files() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sana::data
