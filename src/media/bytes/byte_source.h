// Where the bytes of a video lie: in a file, or in memory (an entry of a shard).
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace sana::media {

// Several threads may read one source at once.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // In bytes, as it was when the source was opened.
  virtual int64_t size() const = 0;
  // Reads up to `count` bytes from `offset` on and says how many; 0 at the end. Throws
  // EnvironmentError when the disk fails.
  virtual int64_t read(int64_t offset, char* out, int64_t count) const = 0;
};

// The bytes of a file, which stays open. Throws UnusableClip when there is no such file or it
// cannot be opened.
std::shared_ptr<const ByteSource> open_bytes(const std::filesystem::path& file);
// Bytes at hand.
std::shared_ptr<const ByteSource> own_bytes(std::string bytes);

}  // namespace sana::media
