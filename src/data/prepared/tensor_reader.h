// The numbers of a tensor out of a shard. Nothing outside this folder needs it.
#pragma once
#include <ATen/core/Tensor.h>

#include "core/plain_file.h"
#include "data/prepared/stored_tensor.h"

namespace sana::data {

// Reads a tensor about which complaint_of() says nothing. Thread-safe. Throws UserError: the file
// has become shorter, or a piece does not hold what it should.
at::Tensor read_tensor(const PlainFile& file, const StoredTensor& tensor);

}  // namespace sana::data
