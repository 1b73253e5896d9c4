// With zlib alone, which every build has.
#include "media/picture/png.h"

#include <ATen/ATen.h>
#include <zlib.h>

#include "core/error.h"
#include "core/files.h"
#include "core/shape.h"

namespace sana::media {
namespace {

void append_u32(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(char(value >> shift & 0xff));
}

void append_chunk(std::string& out, const std::string& type, const std::string& data) {
  append_u32(out, uint32_t(data.size()));
  const std::string body = type + data;
  out += body;
  append_u32(out,
             uint32_t(crc32(0, reinterpret_cast<const Bytef*>(body.data()), uInt(body.size()))));
}

// Each row is preceded by its filter type (0: none).
std::string deflated_rows(const at::Tensor& image) {
  const auto row_bytes = size_t(image.size(1) * 3);
  std::string rows;
  for (int64_t y = 0; y < image.size(0); ++y) {
    rows.push_back('\0');
    rows.append(static_cast<const char*>(image.const_data_ptr()) + size_t(y) * row_bytes,
                row_bytes);
  }
  uLongf size = compressBound(uLong(rows.size()));
  std::string packed(size, '\0');
  const int status = compress(reinterpret_cast<Bytef*>(packed.data()), &size,
                              reinterpret_cast<const Bytef*>(rows.data()), uLong(rows.size()));
  if (status != Z_OK) throw InternalError(fmt::format("zlib failed with {}", status));
  packed.resize(size);
  return packed;
}

}  // namespace

void write_png(const std::filesystem::path& path, const at::Tensor& image) {
  check_shape("write_png: image", image, {{"H"}, {"W"}, {"C", 3}});
  const at::Tensor pixels = image.to(at::kCPU, at::kByte).contiguous();
  std::string header;
  append_u32(header, uint32_t(pixels.size(1)));
  append_u32(header, uint32_t(pixels.size(0)));
  header +=
      std::string("\x08\x02\x00\x00\x00", 5);  // 8 bits, RGB, deflate, no filter, no interlace
  std::string out = "\x89PNG\r\n\x1a\n";
  append_chunk(out, "IHDR", header);
  append_chunk(out, "IDAT", deflated_rows(pixels));
  append_chunk(out, "IEND", "");
  write_file_atomically(path, out);
}

}  // namespace sana::media
