// The JSON header of a safetensors file, checked before anything is allocated. Used by
// safetensors.cpp only.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "core/safetensors.h"

namespace sana::detail {

// The format's own limit.
inline constexpr uint64_t kMaxHeaderBytes = 100'000'000;

struct SafetensorsHeader {
  Metadata metadata;
  std::map<std::string, TensorEntry> entries;
};

// Parses the header's text. Every tensor must have a known dtype, a shape whose byte size is that
// of its offsets, and together the tensors must fill the `data_bytes` behind the header exactly: no
// overlap, no hole, no rest. Throws UserError that names the tensor.
SafetensorsHeader parse_safetensors_header(std::string_view text, uint64_t data_bytes);

// "F32"; throws UserError for a dtype the format (or this program) does not know.
std::string safetensors_dtype_name(at::ScalarType dtype);

// Place of a dtype in the order in which a file holds its tensors: wide types first, so that each
// begins at a multiple of its element size, and as the reference implementation has it. Throws as
// the function above.
size_t safetensors_dtype_rank(at::ScalarType dtype);

}  // namespace sana::detail
