#include "data/prepared/sample_maker.h"

#include <ATen/ATen.h>

#include <tuple>

#include "core/error.h"
#include "core/shape.h"

namespace sana::data {

Sample SampleMaker::make(const SourceClip& clip, const std::string& caption) {
  Sample sample;
  if (encoders_ == nullptr) {
    sample.pixels = clip.pixels.contiguous();
    return sample;
  }
  sample.latents = encode(clip.pixels);
  require(at::isfinite(sample.latents).all().item<bool>(),
          "{}: the VAE gives latents that are not finite; is it trained?", clip.id);
  if (caption != caption_ || !text_.defined()) {
    std::tie(text_, mask_) = encode_text(encoders_->text, caption);
    caption_ = caption;
  }
  sample.text = text_;
  sample.mask = mask_;
  return sample;
}

Sample SampleMaker::make_null_text() const {
  Sample sample;
  std::tie(sample.text, sample.mask) = encode_text(encoders_->negative_text, "");
  return sample;
}

at::Tensor SampleMaker::encode(const at::Tensor& pixels) const {
  const at::Tensor video =
      pixels.permute({3, 0, 1, 2}).unsqueeze(0).to(at::kFloat).div(127.5).sub(1.0).contiguous();
  const LatentSize size =
      encoders_->geometry.latent_size({pixels.size(1), pixels.size(2), pixels.size(0)});
  const at::Tensor latents = encoders_->latents(video).to(at::kCPU, at::kFloat).contiguous();
  check_shape("prepare: latents", latents,
              {{"B", 1},
               {"C", encoders_->geometry.latent_channels},
               {"T", size.frames},
               {"h", size.height},
               {"w", size.width}});
  return latents[0];
}

std::pair<at::Tensor, at::Tensor> SampleMaker::encode_text(const EncodeText& encode,
                                                           const std::string& caption) {
  const auto [features, mask] = encode({caption});
  check_shape("prepare: text features", features, {{"B", 1}, {"L", kAny}, {"E", kAny}});
  check_shape("prepare: text mask", mask, {{"B", 1}, {"L", features.size(1)}});
  return {features[0].to(at::kCPU, at::kFloat).contiguous(),
          mask[0].to(at::kCPU, at::kLong).contiguous()};
}

}  // namespace sana::data
