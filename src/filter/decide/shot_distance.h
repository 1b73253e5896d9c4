// How far two shots are from each other by their hashes.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>

#include "filter/record/shot_hash.h"

namespace sana::filter {

// Fewest parts with a hash in both shots that are compared.
constexpr int kLeastSharedParts = 2;

constexpr size_t kShotParts = std::tuple_size_v<decltype(ShotHash::parts)>;
constexpr int kShotBits = 64 * int(kShotParts);

// Bits set in both words together. Unlike std::popcount it is no call of a library where the
// compiler may not use the processor's instruction; half of the time went there.
inline int bits_set(uint64_t a, uint64_t b) {
  constexpr uint64_t kPairs = 0x5555555555555555;
  constexpr uint64_t kNibbles = 0x3333333333333333;
  constexpr uint64_t kBytes = 0x0f0f0f0f0f0f0f0f;
  const auto by_nibble = [](uint64_t word) {
    word -= (word >> 1) & kPairs;
    return (word & kNibbles) + ((word >> 2) & kNibbles);
  };
  const uint64_t both = by_nibble(a) + by_nibble(b);
  const uint64_t by_byte = (both & kBytes) + ((both >> 4) & kBytes);
  return int((by_byte * 0x0101010101010101) >> 56);
}

// Bits that differ in the parts that have a hash in both shots, and the number of these.
struct SharedParts {
  int distance = 0;
  int parts = 0;
};

inline SharedParts compare_shots(const ShotHash& a, const ShotHash& b) {
  static_assert(kShotParts == 4);
  std::array<uint64_t, kShotParts> differences{};
  SharedParts shared;
  for (size_t i = 0; i < kShotParts; ++i) {
    const bool both = a.parts[i] != kNoHash && b.parts[i] != kNoHash;
    differences[i] = both ? a.parts[i] ^ b.parts[i] : 0;
    shared.parts += int(both);
  }
  shared.distance =
      bits_set(differences[0], differences[1]) + bits_set(differences[2], differences[3]);
  return shared;
}

// Whether two shots are duplicates in the sense of find_duplicates.
inline bool are_duplicates(const ShotHash& a, const ShotHash& b, int max_distance) {
  const SharedParts shared = compare_shots(a, b);
  return shared.parts >= kLeastSharedParts && shared.distance <= shared.parts * max_distance;
}

// Bits that differ in all parts together; nothing if a part has no hash.
inline std::optional<int> total_distance(const ShotHash& a, const ShotHash& b) {
  const SharedParts shared = compare_shots(a, b);
  return shared.parts == int(kShotParts) ? std::optional(shared.distance) : std::nullopt;
}

}  // namespace sana::filter
