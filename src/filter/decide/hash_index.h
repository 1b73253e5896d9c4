// Finds similar hashes of shots by parts of them that are nearly equal, for find_duplicates.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include "filter/record/shot_hash.h"

namespace sana::filter {

// Bits of a ShotHash by which shots are looked up: part, and the lowest of kHashKeyBits bits of it.
struct HashKey {
  size_t part;
  int shift;
};
constexpr int kHashKeyBits = 16;

struct GroupedShot {
  ShotHash hash;
  int64_t index;  // of the shot, or of another one that is in its group
};

// Groups of shots (union-find); the smallest index of a group stands for it.
class ShotGroups {
 public:
  explicit ShotGroups(size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), int64_t(0));
  }

  int64_t smallest(int64_t shot) {
    int64_t* parent = parent_.data();
    while (parent[shot] != shot) shot = parent[shot] = parent[parent[shot]];
    return shot;
  }

  void unite(int64_t a, int64_t b) {
    const int64_t first = smallest(a);
    const int64_t second = smallest(b);
    parent_[size_t(std::max(first, second))] = std::min(first, second);
  }

 private:
  std::vector<int64_t> parent_;
};

// Unites the groups of duplicates (see find_duplicates) among the shots whose keys differ in at
// most key_distance bits.
void unite_by_key(const std::vector<GroupedShot>& shots, HashKey key, int key_distance,
                  int max_distance, ShotGroups* groups);

}  // namespace sana::filter
