// What a data set says that its samples are, and whether one is that. Nothing outside this folder
// needs it.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/geometry/clip_size.h"
#include "data/batch.h"
#include "data/prepared/dataset_file.h"
#include "data/prepared/stored_tensor.h"

namespace sana::data {

struct TensorSpec {
  const char* part;  // "pixels", "latents", "text" or "mask": its name in the sample's group
  at::ScalarType dtype;
  std::vector<int64_t> shape;  // kAny: at least 1
};

// The tensors of a sample of this bucket. `null_text`: of the data set, whose shapes text and mask
// have. Sizes of latents are kAny where the data set does not name the geometry of its VAE.
std::vector<TensorSpec> sample_specs(const DatasetFile& dataset, const ClipSize& bucket,
                                     const Sample& null_text);
// Of the empty caption: text [L, E], mask [L].
std::vector<TensorSpec> null_text_specs();

// "its latents are int64 [2, 3], expected float32 [16, 5, 4, 6]", or nothing.
std::string complaint_of(const StoredTensor& tensor, const TensorSpec& spec);

// What is wrong with the numbers, or nothing: latents and text must be finite, a mask 0 and 1 with
// at least one 1.
std::string complaint_of_numbers(const Sample& sample);

}  // namespace sana::data
