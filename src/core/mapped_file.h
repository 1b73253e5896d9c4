// A file's bytes without reading them: private pages over the file.
#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string_view>

namespace sana {

// Bytes and what keeps them alive. Copies share the memory. Private and writable: a tensor over it
// may be written to, the file stays as it is.
struct MappedFile {
  std::shared_ptr<char> memory;  // null when there are no bytes
  size_t size = 0;

  std::string_view bytes() const { return {memory.get(), size}; }
};

// Throws UserError when `path` is no readable file, EnvironmentError when it cannot be mapped.
MappedFile map_file(const std::filesystem::path& path);

}  // namespace sana
