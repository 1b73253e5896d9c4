#include "data/prepared/tensor_reader.h"

#include <ATen/ATen.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/error.h"

namespace sana::data {
namespace {

void read_at(const PlainFile& file, const StoredPiece& piece, char* out) {
  int64_t done = 0;
  while (done < piece.bytes) {
    const ssize_t count = ::pread(file.descriptor.get(), out + done,
                                  static_cast<size_t>(piece.bytes - done), piece.offset + done);
    if (count < 0 && errno == EINTR) continue;
    require(count >= 0, "{}", std::strerror(errno));
    require(count > 0, "the file has become shorter");
    done += count;
  }
}

// A zlib stream of exactly `wanted` bytes.
void inflate_all(std::vector<char>& stream, char* out, int64_t wanted) {
  z_stream zlib{};
  zlib.next_in = reinterpret_cast<Bytef*>(stream.data());
  zlib.avail_in = static_cast<uInt>(stream.size());
  zlib.next_out = reinterpret_cast<Bytef*>(out);
  zlib.avail_out = static_cast<uInt>(wanted);
  SANA_ASSERT(inflateInit(&zlib) == Z_OK);
  const int result = inflate(&zlib, Z_FINISH);
  const bool is_whole = result == Z_STREAM_END && zlib.avail_out == 0 && zlib.avail_in == 0;
  inflateEnd(&zlib);
  require(is_whole, "its compressed numbers are damaged");
}

// All first bytes of the numbers stand first, then all second, ...
void unshuffle(std::vector<char>& scratch, char* data, int64_t bytes, int64_t width) {
  scratch.assign(data, data + bytes);
  const int64_t count = bytes / width;
  for (int64_t byte = 0; byte < width; ++byte) {
    for (int64_t i = 0; i < count; ++i) data[i * width + byte] = scratch[size_t(byte * count + i)];
  }
}

// Copies the part of a piece that lies in the tensor, row by row.
class Placer {
 public:
  Placer(const StoredTensor& tensor, char* out)
      : tensor_(tensor), out_(out), width_(int64_t(c10::elementSize(tensor.dtype))) {}

  // `corner`: of the piece in the tensor.
  void place(const std::vector<int64_t>& corner, const char* piece) {
    copy(corner, 0, 0, 0, piece);
  }

 private:
  // `from`, `to`: numbers before the row in piece and tensor.
  void copy(const std::vector<int64_t>& corner, size_t d, int64_t from, int64_t to,
            const char* piece) {
    const int64_t begin = corner[d];
    const int64_t count = std::min(tensor_.chunk[d], tensor_.shape[d] - begin);
    if (d + 1 == corner.size()) {
      std::memcpy(out_ + (to * tensor_.shape[d] + begin) * width_,
                  piece + from * tensor_.chunk[d] * width_, static_cast<size_t>(count * width_));
      return;
    }
    for (int64_t i = 0; i < count; ++i) {
      copy(corner, d + 1, from * tensor_.chunk[d] + i, to * tensor_.shape[d] + begin + i, piece);
    }
  }

  const StoredTensor& tensor_;
  char* out_;
  int64_t width_;
};

// Whether pieces are rows of the tensor: then they are unpacked where they belong.
bool are_rows(const StoredTensor& tensor) {
  return std::equal(tensor.chunk.begin() + 1, tensor.chunk.end(), tensor.shape.begin() + 1) &&
         tensor.shape[0] % tensor.chunk[0] == 0;
}

void next_corner(const StoredTensor& tensor, std::vector<int64_t>& corner) {
  for (size_t d = corner.size(); d-- > 0;) {
    corner[d] += tensor.chunk[d];
    if (corner[d] < tensor.shape[d]) return;
    corner[d] = 0;
  }
}

}  // namespace

at::Tensor read_tensor(const PlainFile& file, const StoredTensor& tensor) {
  at::Tensor result = at::empty(tensor.shape, tensor.dtype);
  auto* out = static_cast<char*>(result.data_ptr());
  if (tensor.pieces.empty()) return result;
  if (tensor.chunk.empty()) {
    read_at(file, tensor.pieces.front(), out);
    return result;
  }
  const int64_t piece_bytes = bytes_of_shape(tensor.dtype, tensor.chunk);
  const bool in_place = are_rows(tensor);
  std::vector<char> stream, scratch, whole(in_place ? 0 : static_cast<size_t>(piece_bytes));
  std::vector<int64_t> corner(tensor.shape.size(), 0);
  Placer placer(tensor, out);
  for (size_t i = 0; i < tensor.pieces.size(); ++i) {
    char* const at = in_place ? out + static_cast<int64_t>(i) * piece_bytes : whole.data();
    if (tensor.gzip) {
      stream.resize(static_cast<size_t>(tensor.pieces[i].bytes));
      read_at(file, tensor.pieces[i], stream.data());
      inflate_all(stream, at, piece_bytes);
    } else {
      read_at(file, tensor.pieces[i], at);
    }
    if (tensor.shuffle)
      unshuffle(scratch, at, piece_bytes, int64_t(c10::elementSize(tensor.dtype)));
    if (!in_place) placer.place(corner, whole.data());
    next_corner(tensor, corner);
  }
  return result;
}

}  // namespace sana::data
