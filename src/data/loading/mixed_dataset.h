// Several data sets drawn from in proportions.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.h"

namespace sana::data {

struct MixturePart {
  std::string key;  // of the configuration, for messages: "data.mixture.1"
  std::shared_ptr<const Dataset> dataset;
  double weight = 1;  // multiplies that of each of its samples
};

class MixedDataset final : public Dataset {
 public:
  // Throws UserError, naming both, when two parts differ in kind, frame rate or encoders.
  explicit MixedDataset(std::vector<MixturePart> parts);

  Kind kind() const override { return first().kind(); }
  int64_t size() const override { return static_cast<int64_t>(infos_.size()); }
  const SampleInfo& info(int64_t index) const override;
  double fps() const override { return first().fps(); }
  bool is_encoded_anew() const override;
  const std::string& fingerprint() const override { return fingerprint_; }
  Sample sample(int64_t index) const override;
  const std::string& vae_identity() const override { return first().vae_identity(); }
  const std::string& text_encoder_identity() const override {
    return first().text_encoder_identity();
  }
  at::Tensor null_text() const override { return first().null_text(); }
  at::Tensor null_text_mask() const override { return first().null_text_mask(); }

 private:
  const Dataset& first() const { return *parts_.front().dataset; }

  std::vector<MixturePart> parts_;
  std::vector<SampleInfo> infos_;
  std::vector<int64_t> begins_;  // of each part
  std::string fingerprint_;
};

// Throws UserError unless both were made by the same encoders.
void check_same_encoders(const std::string& key, const Dataset& dataset,
                         const std::string& first_key, const Dataset& first);

}  // namespace sana::data
