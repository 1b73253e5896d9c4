// Clips that are encoded when they are read: what `prepare` would store, made anew each time.
#pragma once
#include <memory>
#include <mutex>
#include <string>

#include "data/dataset.h"
#include "data/prepared/prepare.h"
#include "data/prepared/sample_maker.h"

namespace sana::data {

class EncodingDataset final : public Dataset {
 public:
  // `clips`: pixels with captions. Throws UserError naming one that the VAE does not take.
  EncodingDataset(std::shared_ptr<const Dataset> clips, Encoders encoders);

  Kind kind() const override { return Kind::kLatents; }
  int64_t size() const override { return clips_->size(); }
  const SampleInfo& info(int64_t index) const override { return clips_->info(index); }
  double fps() const override { return clips_->fps(); }
  bool is_encoded_anew() const override { return true; }
  const std::string& fingerprint() const override { return fingerprint_; }
  // Decoding runs on the threads of the callers, encoding one sample at a time.
  Sample sample(int64_t index) const override;
  Sample like(int64_t index) const override;
  const std::string& vae_identity() const override { return encoders_.vae_identity; }
  const std::string& text_encoder_identity() const override { return encoders_.text_identity; }
  at::Tensor null_text() const override { return null_text_.text.unsqueeze(0); }
  at::Tensor null_text_mask() const override { return null_text_.mask.unsqueeze(0); }

 private:
  std::shared_ptr<const Dataset> clips_;
  Encoders encoders_;
  std::string fingerprint_;
  mutable std::mutex lock_;  // of what follows
  mutable SampleMaker maker_;
  Sample null_text_;
};

}  // namespace sana::data
