// Computed by OpenSSL.
#include "core/hash.h"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "core/error.h"

namespace sana {

struct Hasher::State {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

namespace {
void check_crypto(int status) {
  if (status != 1) throw InternalError("OpenSSL cannot compute a SHA-1 hash");
}
}  // namespace

Hasher::Hasher() : state_(std::make_unique<State>()) {
  check_crypto(EVP_DigestInit_ex(state_->context.get(), EVP_sha1(), nullptr));
}
Hasher::~Hasher() = default;

Hasher& Hasher::add(std::string_view bytes) {
  check_crypto(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()));
  return *this;
}

std::string Hasher::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int count = 0;
  check_crypto(EVP_DigestFinal_ex(state_->context.get(), digest.data(), &count));
  std::string text;
  for (unsigned int i = 0; i < count; ++i) text += fmt::format("{:02x}", digest[i]);
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
