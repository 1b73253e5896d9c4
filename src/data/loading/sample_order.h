// Shuffling that gives the same order with every standard library, which std::shuffle does not.
// Nothing outside this folder needs it.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

namespace sana::data {

// SplitMix64.
class OrderRandom {
 public:
  explicit OrderRandom(uint64_t seed) : state_(seed) {}

  template <class Item>
  void shuffle(std::vector<Item>& items) {
    for (size_t left = items.size(); left > 1; --left)
      std::swap(items[left - 1], items[below(left)]);
  }

 private:
  uint64_t next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound): draws from the incomplete last stretch are repeated.
  uint64_t below(uint64_t bound) {
    const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t value = next();
    while (value >= limit) value = next();
    return value % bound;
  }

  uint64_t state_;
};

}  // namespace sana::data
