#include "core/block_hash.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/error.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "core/plain_file.h"

namespace sana {
namespace {

constexpr int64_t kReadAtOnce = int64_t(1) << 20;
constexpr size_t kMostThreads = 16;  // beyond, memory and disks set the pace

std::string hash_of_part(const PlainFile& file, const std::filesystem::path& path, int64_t begin,
                         int64_t end) {
  std::vector<char> buffer(size_t(std::min(kReadAtOnce, end - begin)));
  Hasher hasher;
  while (begin < end) {
    const size_t wanted = std::min(buffer.size(), size_t(end - begin));
    const ssize_t count = ::pread(file.descriptor.get(), buffer.data(), wanted, begin);
    if (count < 0 && errno == EINTR) continue;
    require(count > 0, "cannot read '{}': {}", path.string(),
            count < 0 ? std::strerror(errno) : "it became shorter while it was read");
    hasher.add({buffer.data(), size_t(count)});
    begin += count;
  }
  return hasher.hex();
}

}  // namespace

std::string hash_file_blocks(const std::filesystem::path& path, int64_t block_bytes) {
  const PlainFile file = open_plain_file(path);
  const int64_t count = (file.bytes + block_bytes - 1) / block_bytes;
  std::vector<std::string> hashes(size_t(count), "");
  run_parallel(size_t(count), kMostThreads, [&](size_t i) {
    const int64_t begin = int64_t(i) * block_bytes;
    hashes[i] = hash_of_part(file, path, begin, std::min(begin + block_bytes, file.bytes));
  });
  Hasher all;
  for (const std::string& hash : hashes) all.add(hash);
  return all.hex();
}

}  // namespace sana
