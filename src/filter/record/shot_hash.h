// Fingerprints of a shot, by which copies of it are found.
#pragma once
#include <array>
#include <bit>
#include <cstdint>

namespace sana::filter {

// The hash of a picture without anything to recognise (black, one colour), and of no other.
constexpr uint64_t kNoHash = 0;

// Bits that differ, 0..64: about 32 for unrelated pictures; 64 if one of them is kNoHash.
inline int hash_distance(uint64_t a, uint64_t b) {
  return a == kNoHash || b == kNoHash ? 64 : std::popcount(a ^ b);
}

// The hashes of four pictures of a shot, at 1/8, 3/8, 5/8 and 7/8 of its length: not at the very
// ends, where a cut found one picture earlier would show another scene.
struct ShotHash {
  std::array<uint64_t, 4> parts{};

  bool operator==(const ShotHash&) const = default;
};

}  // namespace sana::filter
