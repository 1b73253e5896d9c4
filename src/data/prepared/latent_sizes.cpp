#include "data/prepared/latent_sizes.h"

#include "core/shape.h"
#include "data/prepared/sample_spec.h"
#include "media/unusable.h"

namespace sana::data {

std::vector<int64_t> LatentSizes::expected(const ClipSize& bucket, const Sample& null_text) {
  const std::lock_guard guard(lock_);
  if (latent_frames_.count(bucket.frames) == 0) learn(bucket.frames, null_text);
  const int64_t frames = latent_frames_.at(bucket.frames);
  if (!rule_) return {kAny, frames, kAny, kAny};
  return {rule_->channels, frames, bucket.height / rule_->stride_h, bucket.width / rule_->stride_w};
}

// The rule comes from the first sample of the set, whatever is asked for first: it does not depend
// on the order of reading.
void LatentSizes::learn(int64_t frames, const Sample& null_text) {
  latent_frames_[frames] = kAny;
  for (size_t i = 0; i < dataset_.samples.size(); ++i) {
    const ClipSize& bucket = dataset_.samples[i].bucket;
    if (rule_ && bucket.frames != frames) continue;
    try {
      const Sample sample =
          shards_.read(static_cast<int64_t>(i), sample_specs(dataset_, bucket, null_text));
      const at::Tensor& latents = sample.latents;
      const int64_t height = latents.size(2), width = latents.size(3);
      if (bucket.height % height != 0 || bucket.width % width != 0) continue;
      if (latents.size(1) > bucket.frames) continue;
      const Rule rule = {latents.size(0), bucket.height / height, bucket.width / width};
      if (!rule_) rule_ = rule;
      if (rule != *rule_ || bucket.frames != frames) continue;
      latent_frames_[frames] = latents.size(1);
      return;
    } catch (const media::UnusableClip&) {
      continue;  // it is told when it is asked for
    }
  }
}

}  // namespace sana::data
