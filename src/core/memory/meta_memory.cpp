#include "core/memory/meta_memory.h"

#include <c10/core/Allocator.h>

#include <algorithm>
#include <atomic>

#include "core/memory/meta_kernels.h"

namespace sana {
namespace {

// What the allocator of a GPU rounds each tensor up to.
constexpr int64_t kBlockBytes = 512;

class CountingAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    const int64_t rounded = (int64_t(bytes) + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
    live_ += rounded;
    peak_ = std::max(peak_.load(), live_.load());
    return {nullptr, new Block{this, rounded}, &release, c10::Device(c10::kMeta)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return nullptr; }
  void copy_data(void*, const void*, size_t) const override {}

  int64_t live() const { return live_; }
  int64_t peak() const { return peak_; }
  void reset_peak() { peak_ = live_.load(); }

 private:
  struct Block {
    CountingAllocator* owner;
    int64_t bytes;
  };
  static void release(void* context) {
    const auto* block = static_cast<Block*>(context);
    block->owner->live_ -= block->bytes;
    delete block;
  }

  std::atomic<int64_t> live_ = 0, peak_ = 0;
};

// Installed once and for good: tensors may outlive any scope, and what it counts is small.
CountingAllocator& counting_allocator() {
  static auto* allocator = [] {
    register_meta_kernels();
    auto* fresh = new CountingAllocator();
    c10::SetAllocator(c10::kMeta, fresh, /*priority=*/1);
    return fresh;
  }();
  return *allocator;
}

}  // namespace

int64_t peak_meta_bytes(const std::function<void()>& body) {
  CountingAllocator& allocator = counting_allocator();
  allocator.reset_peak();
  const int64_t before = allocator.live();
  body();
  return allocator.peak() - before;
}

}  // namespace sana
