#include "core/mapped_file.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/plain_file.h"

namespace sana {

MappedFile map_file(const std::filesystem::path& path) {
  const PlainFile file = open_plain_file(path);
  const int descriptor = file.descriptor.get();
  const auto size = static_cast<size_t>(file.bytes);
  void* memory = nullptr;
  if (size > 0) {
    memory =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0);
  }
  const int error = errno;
  if (memory == MAP_FAILED) {
    throw EnvironmentError(
        fmt::format("cannot map '{}' into memory: {}", path.string(), std::strerror(error)));
  }
  if (memory == nullptr) return {};
  return {{static_cast<char*>(memory), [size](char* start) { ::munmap(start, size); }}, size};
}

}  // namespace sana
