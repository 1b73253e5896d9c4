#include "media/bytes/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/plain_file.h"
#include "media/unusable.h"

namespace sana::media {
namespace {

// Asked before it is opened: opening a FIFO waits for somebody who writes, and devices may do
// anything.
int open_file(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw UnusableClip("no plain file", "it is a folder, a FIFO, a device or a socket",
                       "remove it from the source");
  }
  return ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

class FileBytes : public ByteSource {
 public:
  explicit FileBytes(const std::filesystem::path& file)
      : name_(file.string()), descriptor_(open_file(file)) {
    struct stat status {};
    const bool is_file =
        descriptor_ >= 0 && ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
    if (is_file) {
      size_ = status.st_size;
      if (!is_lfs_pointer(descriptor_)) return;
      ::close(descriptor_);
      throw UnusableClip("Git LFS pointer", "it stands in the place of the file itself",
                         "install git-lfs and run 'git lfs pull' in its repository");
    }
    const int error = errno;
    if (descriptor_ >= 0) ::close(descriptor_);
    if (descriptor_ >= 0 || error == ENOENT) {
      throw UnusableClip("file missing", "it is listed, but not there",
                         "check the path, or remove the line");
    }
    throw UnusableClip("cannot be read", std::strerror(error), "correct its permissions");
  }
  ~FileBytes() override { ::close(descriptor_); }
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  int64_t size() const override { return size_; }

  int64_t read(int64_t offset, char* out, int64_t count) const override {
    if (offset < 0 || count <= 0) return 0;
    while (true) {
      const ssize_t got = ::pread(descriptor_, out, size_t(count), offset);
      if (got >= 0) return got;
      if (errno == EINTR) continue;
      throw EnvironmentError(fmt::format("{}: cannot be read: {}", name_, std::strerror(errno)));
    }
  }

 private:
  std::string name_;
  int descriptor_;
  int64_t size_ = 0;
};

class MemoryBytes : public ByteSource {
 public:
  explicit MemoryBytes(std::string bytes) : bytes_(std::move(bytes)) {}
  int64_t size() const override { return int64_t(bytes_.size()); }
  int64_t read(int64_t offset, char* out, int64_t count) const override {
    count = std::min(count, size() - offset);
    if (offset < 0 || count <= 0) return 0;
    std::memcpy(out, bytes_.data() + offset, size_t(count));
    return count;
  }

 private:
  std::string bytes_;
};

}  // namespace

std::shared_ptr<const ByteSource> open_bytes(const std::filesystem::path& file) {
  return std::make_shared<FileBytes>(file);
}

std::shared_ptr<const ByteSource> own_bytes(std::string bytes) {
  return std::make_shared<MemoryBytes>(std::move(bytes));
}

}  // namespace sana::media
