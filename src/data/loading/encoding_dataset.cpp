#include "data/loading/encoding_dataset.h"

#include <ATen/ATen.h>

#include <utility>

#include "core/error.h"
#include "core/hash.h"

namespace sana::data {

EncodingDataset::EncodingDataset(std::shared_ptr<const Dataset> clips, Encoders encoders)
    : clips_(std::move(clips)), encoders_(std::move(encoders)), maker_(&encoders_) {
  SANA_ASSERT(clips_->kind() == Kind::kPixels);
  for (int64_t i = 0; i < clips_->size(); ++i) {
    const auto complaint = encoders_.geometry.complaint(clips_->info(i).bucket, encoders_.vae_name);
    require(complaint.empty(), "{}: {}; give other frames or buckets", clips_->info(i).id,
            complaint);
  }
  fingerprint_ = hash_text(fmt::format("{}\n{}\n{}\n", clips_->fingerprint(),
                                       encoders_.vae_identity, encoders_.text_identity));
  null_text_ = maker_.make_null_text();
}

Sample EncodingDataset::sample(int64_t index) const {
  const SampleInfo& clip = info(index);
  const SourceClip decoded = {clip.id, clips_->sample(index).pixels, 0};
  // Loader threads do not inherit the mode of the thread that began them.
  const at::NoGradGuard no_grad;
  const std::lock_guard guard(lock_);
  return maker_.make(decoded, clip.caption);
}

Sample EncodingDataset::like(int64_t index) const {
  const VaeGeometry& geometry = encoders_.geometry;
  const LatentSize size = geometry.latent_size(info(index).bucket);
  Sample sample = null_text_;
  sample.latents = at::zeros({geometry.latent_channels, size.frames, size.height, size.width});
  return sample;
}

}  // namespace sana::data
