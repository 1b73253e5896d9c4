// How much memory is in use, by operator new and by LibTorch's CPU tensors.
#pragma once
#include <cstddef>

namespace sana_fuzz {

// Counts from now on.
void start_meter();
// The most bytes that were in use at once since start_meter(), beyond those in use then.
size_t peak_bytes();

}  // namespace sana_fuzz
