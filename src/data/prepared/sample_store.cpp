#include "data/prepared/sample_store.h"

#include <ATen/ATen.h>

#include <array>
#include <string_view>
#include <utility>

#include "core/files.h"
#include "core/hash.h"

namespace sana::data {
namespace {

std::array<at::Tensor, 4> tensors_of(const Sample& sample) {
  return {sample.pixels, sample.latents, sample.text, sample.mask};
}
constexpr std::array<const char*, 4> kPartNames = {"pixels", "latents", "text", "mask"};

}  // namespace

std::string sample_hash(const Sample& sample) {
  Hasher hasher;
  for (const at::Tensor& part : tensors_of(sample)) {
    if (!part.defined()) continue;
    const at::Tensor data = part.contiguous();
    hasher.add(std::string_view(static_cast<const char*>(data.data_ptr()), data.nbytes()));
  }
  return hasher.hex();
}

int64_t sample_bytes(const Sample& sample) {
  int64_t bytes = 0;
  for (const at::Tensor& part : tensors_of(sample)) {
    if (part.defined()) bytes += static_cast<int64_t>(part.nbytes());
  }
  return bytes;
}

void write_sample(Hdf5File& file, const std::string& group, const Sample& sample) {
  const auto parts = tensors_of(sample);
  for (size_t i = 0; i < parts.size(); ++i) {
    // Latents look like noise: compressing them costs time and gains nothing.
    if (parts[i].defined()) file.write(group + "/" + kPartNames[i], parts[i], /*compress=*/i != 1);
  }
}

void write_null_text(const std::filesystem::path& folder, const Sample& sample,
                     DatasetFile& dataset) {
  Hdf5File file = Hdf5File::create();
  file.write("text", sample.text, /*compress=*/true);
  file.write("mask", sample.mask, /*compress=*/true);
  const std::string image = file.image();
  write_file_atomically(folder / kNullTextFile, image);
  dataset.null_text_hash = sample_hash(sample);
  dataset.null_text_index = file.index(image, {"text", "mask"});
}

std::vector<std::string> all_parts(const std::string& group) {
  std::vector<std::string> names;
  for (const char* part : kPartNames) names.push_back(group + "/" + part);
  return names;
}

std::vector<std::string> sample_parts(const std::string& group, Kind kind) {
  auto names = all_parts(group);
  if (kind == Kind::kPixels) return {names.front()};
  names.erase(names.begin());
  return names;
}

}  // namespace sana::data
