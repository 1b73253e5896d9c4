// One sample as numbers, and where they stand in an HDF5 file.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/batch.h"
#include "data/prepared/dataset_file.h"
#include "data/prepared/hdf5_file.h"

namespace sana::data {

// SHA-1 of the bytes of the tensors in the order of Sample (batch.h).
std::string sample_hash(const Sample& sample);
// Of all its tensors.
int64_t sample_bytes(const Sample& sample);

// Adds the sample's tensors as data sets of the group. Throws EnvironmentError.
void write_sample(Hdf5File& file, const std::string& group, const Sample& sample);
// Writes null_text.h5 of a data set and fills in its hash and index. Throws EnvironmentError.
void write_null_text(const std::filesystem::path& folder, const Sample& sample,
                     DatasetFile& dataset);
// Names of the tensors that a group has, or may have: "sample-00000001/pixels".
std::vector<std::string> sample_parts(const std::string& group, Kind kind);
std::vector<std::string> all_parts(const std::string& group);

}  // namespace sana::data
