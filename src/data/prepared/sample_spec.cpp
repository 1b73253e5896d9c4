#include "data/prepared/sample_spec.h"

#include <algorithm>
#include <cmath>

#include "core/shape.h"

namespace sana::data {
namespace {

bool fits(int64_t size, int64_t expected) { return expected == kAny ? size > 0 : size == expected; }

std::string text_of(at::ScalarType dtype, const std::vector<int64_t>& shape) {
  std::string sizes;
  for (const int64_t size : shape) {
    sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ",
                         size == kAny ? "above 0" : std::to_string(size));
  }
  return fmt::format("{} [{}]", dtype_name(dtype), sizes);
}

// By hand: LibTorch would start a pool of threads in each loader thread.
bool is_finite(const at::Tensor& tensor) {
  const auto* numbers = static_cast<const float*>(tensor.data_ptr());
  return std::all_of(numbers, numbers + tensor.numel(), [](float x) { return std::isfinite(x); });
}

bool is_mask(const at::Tensor& mask) {
  const auto* numbers = static_cast<const int64_t*>(mask.data_ptr());
  const auto* const end = numbers + mask.numel();
  return std::all_of(numbers, end, [](int64_t x) { return x == 0 || x == 1; }) &&
         std::find(numbers, end, 1) != end;
}

}  // namespace

std::vector<TensorSpec> sample_specs(const DatasetFile& dataset, const ClipSize& bucket,
                                     const Sample& null_text) {
  if (dataset.kind == Kind::kPixels) {
    return {{"pixels", at::kByte, {bucket.frames, bucket.height, bucket.width, 3}}};
  }
  std::vector<int64_t> latents(4, kAny);
  if (dataset.geometry) {
    const LatentSize size = dataset.geometry->latent_size(bucket);
    latents = {dataset.geometry->latent_channels, size.frames, size.height, size.width};
  }
  return {{"latents", at::kFloat, latents},
          {"text", at::kFloat, null_text.text.sizes().vec()},
          {"mask", at::kLong, null_text.mask.sizes().vec()}};
}

std::vector<TensorSpec> null_text_specs() {
  return {{"text", at::kFloat, {kAny, kAny}}, {"mask", at::kLong, {kAny}}};
}

std::string complaint_of(const StoredTensor& tensor, const TensorSpec& spec) {
  const bool is_right =
      tensor.dtype == spec.dtype && tensor.shape.size() == spec.shape.size() &&
      std::equal(tensor.shape.begin(), tensor.shape.end(), spec.shape.begin(), fits);
  if (is_right) return "";
  return fmt::format("its {} are {}, expected {}", spec.part, text_of(tensor.dtype, tensor.shape),
                     text_of(spec.dtype, spec.shape));
}

std::string complaint_of_numbers(const Sample& sample) {
  if (sample.latents.defined() && !is_finite(sample.latents)) return "its latents are not finite";
  if (sample.text.defined() && !is_finite(sample.text)) return "its text features are not finite";
  if (sample.mask.defined() && !is_mask(sample.mask)) {
    return "its mask is not of 0 and 1 with at least one 1";
  }
  return "";
}

}  // namespace sana::data
