// Where the numbers of a tensor lie in a shard. Nothing outside this folder needs it.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/json_object.h"

namespace sana::data {

struct StoredPiece {
  int64_t offset = 0, bytes = 0;  // in the file
};

struct StoredTensor {
  at::ScalarType dtype = at::kByte;  // kByte, kFloat or kLong, little-endian
  std::vector<int64_t> shape;
  // Shape of a piece; the pieces stand in the order of a row-major grid, and those at its ends are
  // filled up to this size. Empty: there is one piece, the tensor itself, or none when it is empty.
  std::vector<int64_t> chunk;
  bool gzip = false;     // pieces are zlib streams
  bool shuffle = false;  // before that, all first bytes of the numbers stand first, then all second
  std::vector<StoredPiece> pieces;
};

// "uint8", "float32" or "int64"
const char* dtype_name(at::ScalarType dtype);

// Bytes of `count` numbers in each of the dimensions; -1 when they are more than fit into 62 bits.
int64_t bytes_of_shape(at::ScalarType dtype, const std::vector<int64_t>& shape);

// Pieces of the grid; -1 when a side is no size, or they are more than fit into 31 bits.
int64_t grid_size(const std::vector<int64_t>& shape, const std::vector<int64_t>& chunk);

// What speaks against reading the tensor from a file of so many bytes, or nothing: sizes that do not
// fit together or lie outside of the file, and more numbers than its bytes justify. Nothing that is
// read without complaint makes memory of a size that the file does not have: from 1 GiB on at most
// 64 times the bytes of the pieces.
std::string complaint_of(const StoredTensor& tensor, int64_t file_bytes);

nlohmann::ordered_json tensor_to_json(const StoredTensor& tensor);
// Throws UserError naming the key when a value is of another type or range than any tensor has; its
// sizes are left to complaint_of().
StoredTensor tensor_from_json(const JsonObject& json);

}  // namespace sana::data
