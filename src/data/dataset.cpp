#include "data/dataset.h"

#include <ATen/ATen.h>

#include <cstring>

#include "core/error.h"
#include "core/shape.h"
#include "media/unusable.h"

namespace sana::data {
namespace {

// The two that follow copy by hand: LibTorch would start a pool of threads in each loader thread.

// [F, H, W, 3] to [3, F, H, W].
void separate_channels(const at::Tensor& pixels, uint8_t* out) {
  const auto* in = static_cast<const uint8_t*>(pixels.data_ptr());
  const int64_t count = pixels.numel() / 3;
  for (int64_t channel = 0; channel < 3; ++channel) {
    for (int64_t i = 0; i < count; ++i) out[channel * count + i] = in[3 * i + channel];
  }
}

// One tensor of each sample under a new first dimension.
at::Tensor stack_copy(const std::vector<Sample>& samples, at::Tensor Sample::*part, bool pinned) {
  const at::Tensor& first = samples.front().*part;
  SANA_ASSERT(first.defined() && first.is_cpu());
  auto shape = first.sizes().vec();
  shape.insert(shape.begin(), static_cast<int64_t>(samples.size()));
  at::Tensor out = at::empty(shape, first.options().pinned_memory(pinned));
  auto* at_item = static_cast<char*>(out.data_ptr());
  for (const Sample& sample : samples) {
    const at::Tensor& item = sample.*part;
    SANA_ASSERT(item.defined() && item.is_cpu() && item.is_contiguous());
    require(item.sizes() == first.sizes() && item.scalar_type() == first.scalar_type(),
            "samples of one bucket are {} {} and {} {}", c10::toString(first.scalar_type()),
            shape_string(first.sizes()), c10::toString(item.scalar_type()),
            shape_string(item.sizes()));
    std::memcpy(at_item, item.data_ptr(), item.nbytes());
    at_item += item.nbytes();
  }
  return out;
}

at::Tensor stack_pixels(const std::vector<Sample>& samples, const ClipSize& b, bool pinned) {
  const at::Tensor out =
      at::empty({static_cast<int64_t>(samples.size()), 3, b.frames, b.height, b.width},
                at::TensorOptions().dtype(at::kByte).pinned_memory(pinned));
  auto* at_item = static_cast<uint8_t*>(out.data_ptr());
  for (const Sample& sample : samples) {
    check_shape("data set: pixels", sample.pixels,
                {{"F", b.frames}, {"H", b.height}, {"W", b.width}, {"C", 3}});
    SANA_ASSERT(sample.pixels.is_cpu() && sample.pixels.is_contiguous());
    require(sample.pixels.scalar_type() == at::kByte, "data set: pixels are {}, expected Byte",
            c10::toString(sample.pixels.scalar_type()));
    separate_channels(sample.pixels, at_item);
    at_item += sample.pixels.numel();
  }
  return out;
}

const std::string kNoIdentity;

}  // namespace

const std::string& Dataset::vae_identity() const { return kNoIdentity; }
const std::string& Dataset::text_encoder_identity() const { return kNoIdentity; }

Batch Dataset::read(const std::vector<int64_t>& indices) const {
  std::vector<Sample> samples;
  for (const int64_t index : indices) {
    try {
      samples.push_back(sample(index));
    } catch (const media::UnusableClip& problem) {
      const media::UnusedClip clip = problem.record(info(index).id);
      throw UserError(
          fmt::format("sample {}: {}: {}. {}", clip.id, clip.reason, clip.detail, clip.remedy));
    }
  }
  return stack_samples(*this, indices, samples);
}

int64_t Dataset::find_readable(int64_t index, Sample& found) const {
  for (int64_t step = 0; step < size(); ++step) {
    const int64_t other = (index + step) % size();
    if (info(other).bucket != info(index).bucket) continue;
    try {
      found = sample(other);
      return other;
    } catch (const media::UnusableClip&) {
      continue;  // the next one answers as well
    }
  }
  read({index});  // says what is wrong
  throw InternalError("a damaged sample could be read after all");
}

Sample Dataset::like(int64_t index) const {
  Sample sample;
  find_readable(index, sample);
  return sample;
}

Batch Dataset::read_readable(int64_t index) const {
  Sample sample;
  const int64_t found = find_readable(index, sample);
  return stack_samples(*this, {found}, {sample});
}

Batch stack_samples(const Dataset& dataset, const std::vector<int64_t>& indices,
                    const std::vector<Sample>& samples, bool pinned) {
  SANA_ASSERT(!indices.empty() && indices.size() == samples.size());
  Batch batch;
  batch.bucket = dataset.info(indices.front()).bucket;
  for (const int64_t index : indices) {
    SANA_ASSERT(dataset.info(index).bucket == batch.bucket);
    batch.ids.push_back(dataset.info(index).id);
  }
  if (dataset.kind() == Kind::kPixels) {
    batch.data = stack_pixels(samples, batch.bucket, pinned);
    return batch;
  }
  batch.data = stack_copy(samples, &Sample::latents, pinned);
  batch.text = stack_copy(samples, &Sample::text, pinned);
  batch.text_mask = stack_copy(samples, &Sample::mask, pinned);
  return batch;
}

}  // namespace sana::data
