#include "allocation_meter.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<ptrdiff_t> bytes_in_use = 0;
std::atomic<ptrdiff_t> most_bytes = 0;

void* counted(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  const auto bytes = static_cast<ptrdiff_t>(::malloc_usable_size(memory));
  const ptrdiff_t now = bytes_in_use.fetch_add(bytes) + bytes;
  ptrdiff_t most = most_bytes.load();
  while (most < now && !most_bytes.compare_exchange_weak(most, now)) {
  }
  return memory;
}

void uncounted(void* memory) {
  if (memory != nullptr) bytes_in_use -= static_cast<ptrdiff_t>(::malloc_usable_size(memory));
  std::free(memory);
}

size_t at_least_one(size_t bytes) { return bytes == 0 ? 1 : bytes; }

void* counted_aligned(size_t bytes, std::align_val_t alignment) {
  const auto unit = static_cast<size_t>(alignment);
  return counted(std::aligned_alloc(unit, (at_least_one(bytes) + unit - 1) / unit * unit));
}

// The default allocator takes its memory from posix_memalign, which nothing here counts.
class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    if (bytes == 0) return {nullptr, at::kCPU};
    void* memory = ::operator new (bytes, std::align_val_t{64});
    return {memory, memory, &release, at::kCPU};
  }
  void copy_data(void* to, const void* from, size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }

 private:
  static void release(void* memory) { ::operator delete (memory, std::align_val_t{64}); }
};

}  // namespace

void* operator new(size_t bytes) { return counted(std::malloc(at_least_one(bytes))); }
void* operator new[](size_t bytes) { return ::operator new(bytes); }
void* operator new(size_t bytes, std::align_val_t alignment) {
  return counted_aligned(bytes, alignment);
}
void* operator new[](size_t bytes, std::align_val_t alignment) {
  return counted_aligned(bytes, alignment);
}
void operator delete(void* memory) noexcept { uncounted(memory); }
void operator delete[](void* memory) noexcept { uncounted(memory); }
void operator delete(void* memory, size_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, size_t) noexcept { uncounted(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { uncounted(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { uncounted(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { uncounted(memory); }

namespace sana_fuzz {
namespace {

ptrdiff_t bytes_at_start = 0;

}  // namespace

void start_meter() {
  static CountingAllocator allocator;
  c10::SetCPUAllocator(&allocator, /*priority=*/100);
  bytes_at_start = bytes_in_use;
  most_bytes = bytes_at_start;
}

size_t peak_bytes() { return static_cast<size_t>(most_bytes - bytes_at_start); }

}  // namespace sana_fuzz
