#include "data/prepared/stored_tensor.h"

#include <algorithm>

#include "core/error.h"
#include "core/shape.h"

namespace sana::data {
namespace {

constexpr int64_t kLargest = int64_t{1} << 62;
constexpr size_t kMostDims = 8;
// zlib needs at least a byte for so many, and the frame of a stream.
constexpr int64_t kMostInflated = 1032;
constexpr int64_t kMaxPiece = UINT32_MAX;  // of a piece in HDF5, and of one call of zlib
// From here on a tensor has to have so many bytes in the file.
constexpr int64_t kAlwaysAllowed = int64_t{1} << 30;
constexpr int64_t kMostTimes = 64;

int64_t times(int64_t a, int64_t b) {
  int64_t product = 0;
  if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &product) || product > kLargest) return -1;
  return product;
}

int64_t dtype_bytes(at::ScalarType dtype) { return static_cast<int64_t>(c10::elementSize(dtype)); }

std::string complaint_of_pieces(const StoredTensor& tensor, int64_t piece_bytes,
                                int64_t file_bytes) {
  for (const StoredPiece& piece : tensor.pieces) {
    if (piece.offset < 0 || piece.bytes <= 0 || piece.offset > file_bytes ||
        piece.bytes > file_bytes - piece.offset) {
      return "a piece of it lies outside of the file";
    }
    if (!tensor.gzip && piece.bytes != piece_bytes) return "a piece of it has a wrong size";
    if (tensor.gzip && (piece.bytes > kMaxPiece || piece_bytes / kMostInflated > piece.bytes)) {
      return "a piece of it cannot hold what it should";
    }
  }
  return "";
}

}  // namespace

const char* dtype_name(at::ScalarType dtype) {
  switch (dtype) {
    case at::kByte:
      return "uint8";
    case at::kFloat:
      return "float32";
    case at::kLong:
      return "int64";
    default:
      throw InternalError(std::string("shards hold no ") + c10::toString(dtype));
  }
}

int64_t bytes_of_shape(at::ScalarType dtype, const std::vector<int64_t>& shape) {
  int64_t bytes = dtype_bytes(dtype);
  for (const int64_t size : shape) bytes = times(bytes, size);
  return bytes;
}

int64_t grid_size(const std::vector<int64_t>& shape, const std::vector<int64_t>& chunk) {
  if (chunk.size() != shape.size()) return -1;
  int64_t count = 1;
  for (size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] < 0 || chunk[d] <= 0 || chunk[d] > kLargest || shape[d] > kLargest) return -1;
    count = times(count, (shape[d] + chunk[d] - 1) / chunk[d]);
  }
  return count > INT32_MAX ? -1 : count;
}

std::string complaint_of(const StoredTensor& tensor, int64_t file_bytes) {
  const int64_t bytes = bytes_of_shape(tensor.dtype, tensor.shape);
  if (bytes < 0) return "its size is no size: " + shape_string(tensor.shape);
  const bool is_whole = tensor.chunk.empty();
  const int64_t piece_bytes = is_whole ? bytes : bytes_of_shape(tensor.dtype, tensor.chunk);
  const int64_t count = is_whole ? (bytes > 0 ? 1 : 0) : grid_size(tensor.shape, tensor.chunk);
  const bool is_plain = !tensor.gzip && !tensor.shuffle;
  if (piece_bytes < 0 || count < 0 || (is_whole ? !is_plain : piece_bytes > kMaxPiece)) {
    return "its pieces do not fit its size";
  }
  if (static_cast<int64_t>(tensor.pieces.size()) != count) return "a piece of it is missing";
  auto complaint = complaint_of_pieces(tensor, piece_bytes, file_bytes);
  if (!complaint.empty()) return complaint;
  // Pieces are inflated whole, also those that reach beyond the tensor.
  const int64_t in_pieces = times(count, piece_bytes), inflated = std::max(bytes, in_pieces);
  int64_t stored = 0;
  for (const StoredPiece& piece : tensor.pieces)
    stored = std::min(stored + piece.bytes, file_bytes);
  if (in_pieces < 0 || (inflated > kAlwaysAllowed && inflated / kMostTimes > stored)) {
    return fmt::format("{} bytes in the file cannot be {} numbers", stored,
                       shape_string(tensor.shape));
  }
  return "";
}

nlohmann::ordered_json tensor_to_json(const StoredTensor& tensor) {
  nlohmann::ordered_json json = {{"dtype", dtype_name(tensor.dtype)}, {"shape", tensor.shape}};
  if (!tensor.chunk.empty()) json["chunk"] = tensor.chunk;
  if (tensor.shuffle) json["shuffle"] = true;
  if (tensor.gzip) json["gzip"] = true;
  auto pieces = nlohmann::ordered_json::array();
  for (const StoredPiece& piece : tensor.pieces) {
    pieces.push_back(piece.offset);
    pieces.push_back(piece.bytes);
  }
  json["pieces"] = std::move(pieces);
  return json;
}

StoredTensor tensor_from_json(const JsonObject& json) {
  StoredTensor tensor;
  const auto dtype = json.required<std::string>("dtype");
  if (dtype == "float32") {
    tensor.dtype = at::kFloat;
  } else if (dtype == "int64") {
    tensor.dtype = at::kLong;
  } else if (dtype != "uint8") {
    json.refuse("dtype", "uint8, float32 or int64");
  }
  tensor.shape = json.long_integers("shape", {0, kLargest});
  if (json.has("chunk")) tensor.chunk = json.long_integers("chunk", {1, kLargest});
  if (tensor.shape.size() > kMostDims) json.refuse("shape", "at most 8 sizes");
  tensor.shuffle = json.value_or("shuffle", false);
  tensor.gzip = json.value_or("gzip", false);
  const auto pieces = json.long_integers("pieces", {0, kLargest});
  if (pieces.size() % 2 != 0) json.refuse("pieces", "an even number of integers");
  for (size_t i = 0; i < pieces.size(); i += 2) {
    tensor.pieces.push_back({pieces[i], pieces[i + 1]});
  }
  return tensor;
}

}  // namespace sana::data
