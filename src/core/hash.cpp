// Computed by OpenSSL.
#include "core/hash.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/error.h"
#include "core/plain_file.h"

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

// Bytes read, fewer than `count` at the end of the file only.
size_t read_at(const PlainFile& file, const std::filesystem::path& path, int64_t offset, char* out,
               size_t count) {
  size_t done = 0;
  while (done < count) {
    const ssize_t got =
        ::pread(file.descriptor.get(), out + done, count - done, offset + int64_t(done));
    if (got < 0 && errno == EINTR) continue;
    require(got >= 0, "cannot read '{}': {}", path.string(), std::strerror(errno));
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
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

std::string hash_file(const std::filesystem::path& path, const std::function<void()>& between) {
  const PlainFile file = open_plain_file(path);
  Hasher hasher;
  std::vector<char> buffer(1 << 20);
  for (int64_t at = 0;;) {
    const size_t count = read_at(file, path, at, buffer.data(), buffer.size());
    if (count == 0) return hasher.hex();
    hasher.add({buffer.data(), count});
    at += int64_t(count);
    between();
  }
}

std::string hash_file_sample(const std::filesystem::path& path) {
  constexpr int64_t kHead = 4 << 20, kBlock = 64 << 10, kBlocks = 256, kWhole = 16 << 20;
  const PlainFile file = open_plain_file(path);
  const int64_t size = file.bytes;
  if (size < kWhole) return hash_file(path);
  std::vector<char> buffer(kHead);
  Hasher hasher;
  hasher.add(fmt::format("{} bytes:", size));
  const auto add = [&](int64_t begin, int64_t count) {
    const auto wanted = static_cast<size_t>(count);
    require(read_at(file, path, begin, buffer.data(), wanted) == wanted,
            "cannot read '{}': it became shorter while it was read", path.string());
    hasher.add({buffer.data(), wanted});
  };
  add(0, kHead);
  for (int64_t i = 0; i < kBlocks; ++i) {
    add(kHead + (size - kHead - kBlock) / (kBlocks - 1) * i, kBlock);
  }
  add(size - kBlock, kBlock);
  return hasher.hex();
}

}  // namespace sana
