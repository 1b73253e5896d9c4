// A fuzzer's input as a mapped file.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#include "core/mapped_file.h"

namespace sana_fuzz {

// A copy of exactly `size` bytes, aligned as pages are, so that AddressSanitizer sees every byte
// read beyond its end.
inline sana::MappedFile in_memory(const uint8_t* data, size_t size) {
  constexpr std::align_val_t kAlignment{64};
  std::shared_ptr<char> memory(static_cast<char*>(::operator new(size, kAlignment)),
                               [](char* start) { ::operator delete(start, kAlignment); });
  if (size > 0) std::memcpy(memory.get(), data, size);
  return {std::move(memory), size};
}

}  // namespace sana_fuzz
