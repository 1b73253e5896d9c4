// One sample as numbers, and its place in an HDF5 file. Nothing outside this folder needs it.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "data/batch.h"
#include "data/prepared/hdf5_file.h"

namespace sana::data {

// SHA-1 of the bytes of the tensors in the order above.
std::string sample_hash(const Sample& sample);
int64_t sample_bytes(const Sample& sample);

// Throws EnvironmentError.
void write_sample(Hdf5File& file, const std::string& group, const Sample& sample);
// Throws UserError; `kind` says which data sets the group has.
Sample read_sample(const Hdf5File& file, const std::string& group, Kind kind);

}  // namespace sana::data
