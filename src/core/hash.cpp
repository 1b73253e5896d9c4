// SHA-1 (FIPS 180-4, section 6.1), fed in pieces.
#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "core/error.h"
#include "core/files.h"

namespace sana {

struct Hasher::State {
  std::array<uint32_t, 5> digest = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
  std::array<unsigned char, 64> block{};
  size_t filled = 0;
  uint64_t total_bytes = 0;

  void mix_block(const unsigned char* bytes);
  void add(const unsigned char* bytes, size_t count);
};

void Hasher::State::mix_block(const unsigned char* bytes) {
  std::array<uint32_t, 80> w;
  for (size_t t = 0; t < 16; ++t) {
    w[t] = uint32_t(bytes[4 * t]) << 24 | uint32_t(bytes[4 * t + 1]) << 16 |
           uint32_t(bytes[4 * t + 2]) << 8 | uint32_t(bytes[4 * t + 3]);
  }
  for (size_t t = 16; t < 80; ++t) w[t] = std::rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
  auto [a, b, c, d, e] = digest;
  for (size_t t = 0; t < 80; ++t) {
    uint32_t f = 0, k = 0;
    if (t < 20) {
      f = (b & c) | (~b & d), k = 0x5A827999;
    } else if (t < 40) {
      f = b ^ c ^ d, k = 0x6ED9EBA1;
    } else if (t < 60) {
      f = (b & c) | (b & d) | (c & d), k = 0x8F1BBCDC;
    } else {
      f = b ^ c ^ d, k = 0xCA62C1D6;
    }
    const uint32_t next = std::rotl(a, 5) + f + e + k + w[t];
    e = d, d = c, c = std::rotl(b, 30), b = a, a = next;
  }
  digest[0] += a, digest[1] += b, digest[2] += c, digest[3] += d, digest[4] += e;
}

void Hasher::State::add(const unsigned char* bytes, size_t count) {
  total_bytes += count;
  while (count > 0) {
    if (filled == 0 && count >= block.size()) {
      mix_block(bytes);
      bytes += block.size(), count -= block.size();
      continue;
    }
    const size_t part = std::min(count, block.size() - filled);
    std::memcpy(block.data() + filled, bytes, part);
    filled += part, bytes += part, count -= part;
    if (filled == block.size()) {
      mix_block(block.data());
      filled = 0;
    }
  }
}

Hasher::Hasher() : state_(std::make_unique<State>()) {}
Hasher::~Hasher() = default;

Hasher& Hasher::add(std::string_view bytes) {
  state_->add(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  return *this;
}

std::string Hasher::hex() {
  const uint64_t bits = state_->total_bytes * 8;
  const unsigned char one = 0x80, zero = 0;
  state_->add(&one, 1);
  while (state_->filled != 56) state_->add(&zero, 1);
  for (int shift = 56; shift >= 0; shift -= 8) {
    const auto byte = static_cast<unsigned char>(bits >> shift);
    state_->add(&byte, 1);
  }
  std::string text;
  for (uint32_t word : state_->digest) text += fmt::format("{:08x}", word);
  return text;
}

std::string hash_text(std::string_view text) { return Hasher().add(text).hex(); }

std::string hash_file(const std::filesystem::path& path) {
  std::error_code error;
  require(!std::filesystem::is_directory(path, error), "cannot read '{}': it is a folder",
          path.string());
  std::ifstream in(path, std::ios::binary);
  require(in.is_open(), "cannot read '{}': {}", path.string(), std::strerror(errno));
  Hasher hasher;
  std::vector<char> buffer(1 << 20);
  while (in) {
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    hasher.add({buffer.data(), static_cast<size_t>(in.gcount())});
  }
  require(!in.bad(), "cannot read '{}': {}", path.string(), std::strerror(errno));
  return hasher.hex();
}

std::string hash_file_sample(const std::filesystem::path& path) {
  constexpr uint64_t kHead = 4 << 20, kBlock = 64 << 10, kBlocks = 256, kWhole = 16 << 20;
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(path, error);
  if (error || size < kWhole) return hash_file(path);
  std::ifstream in(path, std::ios::binary);
  require(in.is_open(), "cannot read '{}': {}", path.string(), std::strerror(errno));
  std::vector<char> buffer(kHead);
  Hasher hasher;
  hasher.add(fmt::format("{} bytes:", size));
  const auto add = [&](uint64_t begin, uint64_t count) {
    in.seekg(static_cast<std::streamoff>(begin));
    in.read(buffer.data(), static_cast<std::streamsize>(count));
    require(in.good(), "cannot read '{}': {}", path.string(), std::strerror(errno));
    hasher.add({buffer.data(), count});
  };
  add(0, kHead);
  for (uint64_t i = 0; i < kBlocks; ++i) {
    add(kHead + (size - kHead - kBlock) / (kBlocks - 1) * i, kBlock);
  }
  add(size - kBlock, kBlock);
  return hasher.hex();
}

}  // namespace sana
