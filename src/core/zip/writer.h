// Writes ZIP archives of stored entries, front to back, into an AtomicFile.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/files.h"

namespace sana::zip {

// Entries appear in the order of the calls, each with its data at a multiple of 64 bytes (as
// torch.save does it, so that readers can map tensors). Times are left out: equal contents give
// equal bytes. Sizes and offsets beyond 32 bits become zip64. Members throw EnvironmentError.
class Writer {
 public:
  explicit Writer(AtomicFile& file) : file_(file) {}

  void add(std::string_view name, std::string_view data);
  // The directory; nothing may be added afterwards. The caller commits the file.
  void finish();

 private:
  void write(std::string_view bytes);

  AtomicFile& file_;
  uint64_t position_ = 0;
  uint64_t num_entries_ = 0;
  std::string directory_;
};

}  // namespace sana::zip
