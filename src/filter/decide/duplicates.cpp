#include "filter/decide/duplicates.h"

#include <algorithm>
#include <cstddef>

#include "filter/decide/hash_index.h"
#include "filter/decide/shot_distance.h"

namespace sana::filter {
namespace {

constexpr int kPartBits = 64;
// If c parts differ in at most c * max_distance bits, one of their 4 c keys differs in at most
// max_distance / 4 bits (pigeonhole principle).
constexpr int kKeysPerPart = kPartBits / kHashKeyBits;

// One shot of each set of equal hashes, the others united with it. Many equal shots (one clip
// uploaded again and again) then cost no comparisons.
std::vector<GroupedShot> distinct_shots(const std::vector<ShotHash>& hashes, ShotGroups* groups) {
  std::vector<GroupedShot> shots;
  for (size_t i = 0; i < hashes.size(); ++i) {
    const auto none = std::count(hashes[i].parts.begin(), hashes[i].parts.end(), kNoHash);
    if (int(hashes[i].parts.size()) - int(none) >= kLeastSharedParts) {
      shots.push_back({hashes[i], int64_t(i)});
    }
  }
  std::sort(shots.begin(), shots.end(), [](const GroupedShot& a, const GroupedShot& b) {
    return a.hash.parts != b.hash.parts ? a.hash.parts < b.hash.parts : a.index < b.index;
  });
  const auto last =
      std::unique(shots.begin(), shots.end(), [&](const GroupedShot& a, const GroupedShot& b) {
        if (!(a.hash == b.hash)) return false;
        groups->unite(a.index, b.index);
        return true;
      });
  shots.erase(last, shots.end());
  return shots;
}

}  // namespace

std::vector<int64_t> find_duplicates(const std::vector<ShotHash>& hashes, int max_distance) {
  ShotGroups groups(hashes.size());
  if (max_distance >= 0) {
    const std::vector<GroupedShot> shots = distinct_shots(hashes, &groups);
    for (size_t part = 0; part < ShotHash{}.parts.size(); ++part) {
      for (int shift = 0; shift < kPartBits; shift += kHashKeyBits) {
        unite_by_key(shots, {part, shift}, max_distance / kKeysPerPart, max_distance, &groups);
      }
    }
  }
  std::vector<int64_t> smallest(hashes.size());
  for (size_t i = 0; i < hashes.size(); ++i) smallest[i] = groups.smallest(int64_t(i));
  return smallest;
}

}  // namespace sana::filter
