#include "core/plain_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/error.h"

namespace sana {
namespace {

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISCHR(mode) || S_ISBLK(mode)) return "a device";
  if (S_ISSOCK(mode)) return "a socket";
  return "no file";
}

// Files whose contents the kernel makes up while they are read, perhaps without end.
bool is_made_by_the_kernel(int descriptor) {
  struct statfs system {};
  if (::fstatfs(descriptor, &system) != 0) return false;
  return system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC ||
         system.f_type == DEBUGFS_MAGIC || system.f_type == TRACEFS_MAGIC;
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

bool is_lfs_pointer(int descriptor) {
  constexpr std::string_view kBegin = "version https://git-lfs.github.com/spec/";
  std::array<char, kBegin.size()> begin{};
  const ssize_t count = ::pread(descriptor, begin.data(), begin.size(), 0);
  return count == ssize_t(begin.size()) && std::string_view(begin.data(), begin.size()) == kBegin;
}

PlainFile open_plain_file(const std::filesystem::path& path) {
  struct stat status {};
  // Asked first, since opening some devices has effects of its own.
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    throw UserError(fmt::format("cannot read '{}': it is {}, not a file", path.string(),
                                kind_of(status.st_mode)));
  }
  PlainFile file{Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)), 0};
  const int descriptor = file.descriptor.get();
  require(descriptor >= 0, "cannot read '{}': {}", path.string(), std::strerror(errno));
  const bool known = ::fstat(descriptor, &status) == 0;
  require(known && S_ISREG(status.st_mode), "cannot read '{}': it is {}, not a file", path.string(),
          kind_of(known ? status.st_mode : 0));
  require(!is_made_by_the_kernel(descriptor),
          "cannot read '{}': it is made by the kernel while it is read, not a file", path.string());
  file.bytes = status.st_size;
  require(
      !is_lfs_pointer(descriptor),
      "'{}' is a Git LFS pointer, not the file itself: install git-lfs and run 'git lfs pull' in "
      "the repository, or download the file",
      path.string());
  return file;
}

}  // namespace sana
