#include "data/encoding_dataset.h"

#include <ATen/ATen.h>

#include <utility>

#include "core/error.h"
#include "core/files.h"

namespace sana::data {

namespace {

void check_bucket(const Bucket& bucket, const Encoders& encoders) {
  require(
      bucket.height % encoders.spatial_stride == 0 && bucket.width % encoders.spatial_stride == 0,
      "buckets: {} must be multiples of {}, the VAE's stride", to_string(bucket),
      encoders.spatial_stride);
}

}  // namespace

EncodingDataset::EncodingDataset(std::shared_ptr<const Dataset> clips, Encoders encoders)
    : clips_(std::move(clips)), encoders_(std::move(encoders)), maker_(&encoders_) {
  SANA_ASSERT(clips_->kind() == Kind::kPixels);
  for (int64_t i = 0; i < clips_->size(); ++i) check_bucket(clips_->info(i).bucket, encoders_);
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
  const Bucket& bucket = info(index).bucket;
  Sample sample = null_text_;
  sample.latents = at::zeros({encoders_.latent_channels, encoders_.latent_frames(bucket.frames),
                              bucket.height / encoders_.spatial_stride,
                              bucket.width / encoders_.spatial_stride});
  return sample;
}

}  // namespace sana::data
