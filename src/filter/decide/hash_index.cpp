#include "filter/decide/hash_index.h"

#include <array>
#include <bit>

#include "filter/decide/shot_distance.h"

namespace sana::filter {
namespace {

constexpr size_t kHashKeys = size_t(1) << kHashKeyBits;

std::vector<size_t> masks_up_to(int bits) {
  std::vector<size_t> masks;
  for (size_t mask = 0; mask < kHashKeys; ++mask) {
    if (std::popcount(mask) <= bits) masks.push_back(mask);
  }
  return masks;
}

// Finds the duplicates among shots that have nearly the same key. The shots of one key are kept in
// chains that are united already: of two chains one match says all, so that a crowd of similar
// shots does not cost the square of its number.
class KeyIndex {
 public:
  KeyIndex(HashKey key, int max_distance, ShotGroups* groups)
      : key_(key), max_distance_(max_distance), groups_(groups) {}

  void match(const std::vector<GroupedShot>& shots, int key_distance) {
    sort_by_key(shots);
    for (size_t key = 0; key < kHashKeys; ++key) {
      first_chain_[key] = chains_.size();
      for (size_t i = first_shot_[key]; i < first_shot_[key + 1]; ++i) {
        add_to_chains(uint32_t(i), key);
      }
      if (first_chain_[key] < chains_.size()) keys_.push_back(key);
    }
    first_chain_[kHashKeys] = chains_.size();
    const std::vector<size_t> masks = masks_up_to(key_distance);
    for (size_t i = 0; i < keys_.size(); ++i) match_key(i, masks, key_distance);
  }

 private:
  static constexpr uint32_t kEnd = UINT32_MAX;

  struct Link {
    ShotHash hash;
    int64_t index;
    uint32_t next;
  };

  struct Chain {
    // Two parts of the hash of a single shot, for a quick look; kNoHash if there is more to see.
    std::array<uint64_t, 2> probe;
    uint32_t head;
    uint32_t tail;
    int radius;  // no member's total_distance from the head is larger
  };

  size_t key_of(const ShotHash& hash) const {
    return size_t(hash.parts[key_.part] >> key_.shift) & (kHashKeys - 1);
  }

  void sort_by_key(const std::vector<GroupedShot>& shots) {
    const auto has_key = [&](const GroupedShot& shot) {
      return shot.hash.parts[key_.part] != kNoHash;
    };
    for (const auto& shot : shots) first_shot_[key_of(shot.hash) + 1] += size_t(has_key(shot));
    std::partial_sum(first_shot_.begin(), first_shot_.end(), first_shot_.begin());
    links_.resize(first_shot_.back());
    std::vector<size_t> free_place = first_shot_;
    for (const auto& [hash, index] : shots) {
      if (hash.parts[key_.part] == kNoHash) continue;
      links_[free_place[key_of(hash)]++] = {hash, groups_->smallest(index), kEnd};
    }
  }

  Chain single(uint32_t shot) const {
    const auto& parts = links_[shot].hash.parts;
    std::array<uint64_t, 2> probe{parts[(key_.part + 1) % kShotParts],
                                  parts[(key_.part + 2) % kShotParts]};
    if (probe[1] == kNoHash) probe[0] = kNoHash;
    return {probe, shot, shot, 0};
  }

  static int distance_or_all(const Link& a, const Link& b) {
    return total_distance(a.hash, b.hash).value_or(kShotBits);
  }

  void append(Chain* chain, const Chain& other) {
    links_[chain->tail].next = other.head;
    chain->tail = other.tail;
    chain->probe[0] = kNoHash;
    const int distance = distance_or_all(links_[chain->head], links_[other.head]);
    chain->radius = std::max(chain->radius, std::min(kShotBits, distance + other.radius));
  }

  // Whether two single shots differ too much already in the parts that are their probes.
  bool differ(const Chain& a, const Chain& b) const {
    return bits_set(a.probe[0] ^ b.probe[0], a.probe[1] ^ b.probe[1]) >
               int(kShotParts) * max_distance_ &&
           a.probe[0] != kNoHash && b.probe[0] != kNoHash;
  }

  // By the triangle inequality, whether no member of the chain is near enough to the shot.
  bool out_of_reach(const Link& shot, const Chain& chain) const {
    if (chain.head == chain.tail) return false;
    const auto distance = total_distance(shot.hash, links_[chain.head].hash);
    return distance.value_or(0) > int(kShotParts) * max_distance_ + chain.radius;
  }

  // Unites the shots of two chains if one of the first is a duplicate of one of the second.
  bool unite_chains(const Chain& first, const Chain& second) {
    if (differ(first, second)) return false;
    const int64_t index = links_[first.head].index;
    const int64_t other = links_[second.head].index;
    // For single shots the groups are not worth the search.
    const bool single = first.head == first.tail && second.head == second.tail;
    if (index == other) return true;
    if (!single && groups_->smallest(index) == groups_->smallest(other)) return true;
    for (uint32_t a = first.head; a != kEnd; a = links_[a].next) {
      if (out_of_reach(links_[a], second)) continue;
      for (uint32_t b = second.head; b != kEnd; b = links_[b].next) {
        if (are_duplicates(links_[a].hash, links_[b].hash, max_distance_)) {
          groups_->unite(index, other);
          return true;
        }
      }
    }
    return false;
  }

  // The new shot may join several chains of its key to one, or begin another.
  void add_to_chains(uint32_t shot, size_t key) {
    const Chain added = single(shot);
    Chain* home = nullptr;
    for (size_t i = first_chain_[key]; i < chains_.size();) {
      if (!unite_chains(added, chains_[i])) {
        ++i;
      } else if (home == nullptr) {
        home = &chains_[i++];
      } else {
        append(home, chains_[i]);
        chains_[i] = chains_.back();
        chains_.pop_back();
      }
    }
    if (home == nullptr) {
      chains_.push_back(added);
    } else {
      append(home, added);
    }
  }

  // With the larger keys; those that there are, or those that are near enough if these are fewer.
  void match_key(size_t place, const std::vector<size_t>& masks, int key_distance) {
    const size_t key = keys_[place];
    if (masks.size() < keys_.size() - place) {
      for (const size_t mask : masks) {
        if ((key ^ mask) > key) match_keys(key, key ^ mask);
      }
      return;
    }
    for (size_t i = place + 1; i < keys_.size(); ++i) {
      if (std::popcount(key ^ keys_[i]) <= key_distance) match_keys(key, keys_[i]);
    }
  }

  void match_keys(size_t key, size_t other) {
    for (size_t a = first_chain_[key]; a < first_chain_[key + 1]; ++a) {
      for (size_t b = first_chain_[other]; b < first_chain_[other + 1]; ++b) {
        unite_chains(chains_[a], chains_[b]);
      }
    }
  }

  HashKey key_;
  int max_distance_;
  ShotGroups* groups_;
  std::vector<Link> links_;    // the shots by key, then in the order in which they came
  std::vector<Chain> chains_;  // by key
  std::vector<size_t> keys_;   // those that a shot has, ascending
  std::vector<size_t> first_shot_ = std::vector<size_t>(kHashKeys + 1);  // of each key
  std::vector<size_t> first_chain_ = std::vector<size_t>(kHashKeys + 1);
};

}  // namespace

void unite_by_key(const std::vector<GroupedShot>& shots, HashKey key, int key_distance,
                  int max_distance, ShotGroups* groups) {
  KeyIndex(key, max_distance, groups).match(shots, key_distance);
}

}  // namespace sana::filter
