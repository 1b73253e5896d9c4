#include "data/prepared/sample_store.h"

#include <ATen/ATen.h>

#include <array>
#include <string_view>
#include <utility>

#include "core/hash.h"

namespace sana::data {
namespace {

std::array<at::Tensor, 4> sample_parts(const Sample& sample) {
  return {sample.pixels, sample.latents, sample.text, sample.mask};
}
constexpr std::array<const char*, 4> kPartNames = {"pixels", "latents", "text", "mask"};

}  // namespace

std::string sample_hash(const Sample& sample) {
  Hasher hasher;
  for (const at::Tensor& part : sample_parts(sample)) {
    if (!part.defined()) continue;
    const at::Tensor data = part.contiguous();
    hasher.add(std::string_view(static_cast<const char*>(data.data_ptr()), data.nbytes()));
  }
  return hasher.hex();
}

int64_t sample_bytes(const Sample& sample) {
  int64_t bytes = 0;
  for (const at::Tensor& part : sample_parts(sample)) {
    if (part.defined()) bytes += static_cast<int64_t>(part.nbytes());
  }
  return bytes;
}

void write_sample(Hdf5File& file, const std::string& group, const Sample& sample) {
  const auto parts = sample_parts(sample);
  for (size_t i = 0; i < parts.size(); ++i) {
    // Latents look like noise: compressing them costs time and gains nothing.
    if (parts[i].defined()) file.write(group + "/" + kPartNames[i], parts[i], /*compress=*/i != 1);
  }
}

Sample read_sample(const Hdf5File& file, const std::string& group, Kind kind) {
  Sample sample;
  if (kind == Kind::kPixels) {
    sample.pixels = file.read(group + "/pixels");
    return sample;
  }
  sample.latents = file.read(group + "/latents");
  sample.text = file.read(group + "/text");
  sample.mask = file.read(group + "/mask");
  return sample;
}

}  // namespace sana::data
