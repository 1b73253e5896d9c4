#include "data/loading/mixed_dataset.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/hash.h"
#include "core/shape.h"

namespace sana::data {

void check_same_encoders(const std::string& key, const Dataset& dataset,
                         const std::string& first_key, const Dataset& first) {
  require(dataset.vae_identity() == first.vae_identity(),
          "{} was encoded by the VAE {}, {} by {}; prepare both with one VAE", key,
          dataset.vae_identity(), first_key, first.vae_identity());
  require(dataset.text_encoder_identity() == first.text_encoder_identity(),
          "{} was encoded by the text encoder {}, {} by {}; prepare both with one", key,
          dataset.text_encoder_identity(), first_key, first.text_encoder_identity());
  const at::Tensor text = dataset.null_text(), first_text = first.null_text();
  if (!text.defined() || !first_text.defined()) return;
  require(text.sizes() == first_text.sizes(),
          "{} has text features {}, {} has {}; prepare both with one text encoder", key,
          shape_string(text.sizes()), first_key, shape_string(first_text.sizes()));
}

MixedDataset::MixedDataset(std::vector<MixturePart> parts) : parts_(std::move(parts)) {
  SANA_ASSERT(!parts_.empty());
  Hasher hasher;
  const std::string& first_key = parts_.front().key;
  for (const MixturePart& part : parts_) {
    const Dataset& dataset = *part.dataset;
    require(dataset.kind() == kind(), "{} and {} are of two kinds, pixels and latents", first_key,
            part.key);
    check_same_encoders(part.key, dataset, first_key, first());
    require(dataset.fps() == fps(),
            "{} has {:g} frames per second and {} has {:g}; prepare both at one rate", part.key,
            dataset.fps(), first_key, fps());
    begins_.push_back(static_cast<int64_t>(infos_.size()));
    for (int64_t i = 0; i < dataset.size(); ++i) {
      SampleInfo& info = infos_.emplace_back(dataset.info(i));
      info.weight *= part.weight;
    }
    hasher.add(fmt::format("{} {:.17g}\n", dataset.fingerprint(), part.weight));
  }
  fingerprint_ = hasher.hex();
}

const SampleInfo& MixedDataset::info(int64_t index) const {
  return infos_.at(static_cast<size_t>(index));
}

bool MixedDataset::is_encoded_anew() const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [](const MixturePart& part) { return part.dataset->is_encoded_anew(); });
}

Sample MixedDataset::sample(int64_t index) const {
  const auto after = std::upper_bound(begins_.begin(), begins_.end(), index);
  const auto part = static_cast<size_t>(after - begins_.begin()) - 1;
  return parts_[part].dataset->sample(index - begins_[part]);
}

}  // namespace sana::data
