// One sample as numbers, and where they stand in an HDF5 file.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "data/batch.h"
#include "data/prepared/hdf5_file.h"

namespace sana::data {

// SHA-1 of the bytes of the tensors in the order of Sample (batch.h).
std::string sample_hash(const Sample& sample);
// Of all its tensors.
int64_t sample_bytes(const Sample& sample);

// Adds the sample's tensors as data sets of the group. Throws EnvironmentError.
void write_sample(Hdf5File& file, const std::string& group, const Sample& sample);
// Throws UserError; `kind` says which data sets the group has.
Sample read_sample(const Hdf5File& file, const std::string& group, Kind kind);

}  // namespace sana::data
