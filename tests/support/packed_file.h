// Test data that is stored with gzip, since the repository has little room.
#pragma once
#include <zlib.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace sana_test {

// The bytes of `path`, or of `path`.gz unpacked.
inline std::string read_packed(const std::filesystem::path& path) {
  const std::string stored = std::filesystem::exists(path) ? path.string() : path.string() + ".gz";
  const gzFile file = ::gzopen(stored.c_str(), "rb");  // reads plain files as they are
  if (file == nullptr) throw std::runtime_error("cannot read " + stored);
  std::string bytes;
  std::array<char, 1 << 16> block{};
  for (int count = 1; count > 0;) {
    count = ::gzread(file, block.data(), unsigned(block.size()));
    bytes.append(block.data(), size_t(std::max(count, 0)));
  }
  if (::gzclose(file) != Z_OK) throw std::runtime_error("cannot unpack " + stored);
  return bytes;
}

}  // namespace sana_test
