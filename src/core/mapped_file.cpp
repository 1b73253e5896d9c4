#include "core/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace sana {

MappedFile map_file(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  require(descriptor >= 0, "cannot read '{}': {}", path.string(), std::strerror(errno));
  struct stat status {};
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  const auto size = static_cast<size_t>(regular ? status.st_size : 0);
  void* memory = nullptr;
  if (size > 0) {
    memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0);
  }
  const int error = errno;
  ::close(descriptor);
  require(regular, "cannot read '{}': it is not a file", path.string());
  if (memory == MAP_FAILED) {
    throw EnvironmentError(
        fmt::format("cannot map '{}' into memory: {}", path.string(), std::strerror(error)));
  }
  if (memory == nullptr) return {};
  return {{static_cast<char*>(memory), [size](char* start) { ::munmap(start, size); }}, size};
}

}  // namespace sana
