#include "filter/decide/duplicates.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>

#include "support/catch.h"

namespace sana::filter {
namespace {

using Hashes = std::vector<ShotHash>;
using Indices = std::vector<int64_t>;

class HashMaker {
 public:
  uint64_t part() { return random_() | 1; }

  ShotHash shot() { return {{part(), part(), part(), part()}}; }

  // With `bits` different bits, spread over the parts from `first` on.
  ShotHash changed(ShotHash shot, int bits, size_t first = 0) {
    std::vector<int> places(64 * (4 - first));
    std::iota(places.begin(), places.end(), int(64 * first));
    std::shuffle(places.begin(), places.end(), random_);
    for (int i = 0; i < bits; ++i) {
      shot.parts[size_t(places[size_t(i)]) / 64] ^= uint64_t(1) << (places[size_t(i)] % 64);
    }
    return shot;
  }

  size_t below(size_t count) { return random_() % count; }

 private:
  std::mt19937_64 random_{5};
};

bool match(const ShotHash& a, const ShotHash& b, int max_distance) {
  int sum = 0;
  int parts = 0;
  for (size_t i = 0; i < 4; ++i) {
    if (a.parts[i] == kNoHash || b.parts[i] == kNoHash) continue;
    sum += hash_distance(a.parts[i], b.parts[i]);
    ++parts;
  }
  return parts >= 2 && sum <= parts * max_distance;
}

// Every pair, until nothing changes.
Indices groups_by_force(const Hashes& hashes, int max_distance) {
  Indices group(hashes.size());
  std::iota(group.begin(), group.end(), 0);
  for (size_t i = 0; i < hashes.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (group[i] == group[j] || !match(hashes[i], hashes[j], max_distance)) continue;
      const int64_t kept = std::min(group[i], group[j]);
      const int64_t lost = std::max(group[i], group[j]);
      std::replace(group.begin(), group.end(), lost, kept);
    }
  }
  return group;
}

TEST_CASE("shots are duplicates up to the mean distance, and not above", "[filter]") {
  HashMaker maker;
  Hashes within;
  Hashes above;
  for (int i = 0; i < 50; ++i) {
    within.push_back(maker.shot());
    within.push_back(maker.changed(within.back(), 24));
    above.push_back(maker.shot());
    above.push_back(maker.changed(above.back(), 25));
  }
  const Indices found = find_duplicates(within, 6);
  const Indices apart = find_duplicates(above, 6);
  for (int64_t i = 0; i < 100; ++i) {
    CHECK(found[size_t(i)] == i / 2 * 2);
    CHECK(apart[size_t(i)] == i);
  }
}

TEST_CASE("a group is named by its smallest index, and joined by chains", "[filter]") {
  HashMaker maker;
  const ShotHash other = maker.shot();
  const ShotHash first = maker.shot();
  const ShotHash second = maker.changed(first, 20);
  const ShotHash third = maker.changed(second, 20);
  REQUIRE(!match(first, third, 5));
  CHECK(find_duplicates({other, first, third, second, other}, 5) == Indices{0, 1, 1, 1, 0});
  CHECK(find_duplicates({other, first, third, other}, 5) == Indices{0, 1, 2, 0});
}

TEST_CASE("one part of another scene is enough to be no duplicate", "[filter]") {
  HashMaker maker;
  const ShotHash shot = maker.shot();
  ShotHash other = shot;
  other.parts[2] = ~shot.parts[2];
  CHECK(find_duplicates({shot, other}, 7) == Indices{0, 1});
  CHECK(find_duplicates({shot, other}, 16) == Indices{0, 0});
}

TEST_CASE("parts without a hash are left out, and two must remain", "[filter]") {
  HashMaker maker;
  ShotHash shot = maker.shot();
  shot.parts[0] = kNoHash;
  const ShotHash near = maker.changed(shot, 18, 1);
  CHECK(find_duplicates({shot, near}, 6) == Indices{0, 0});
  CHECK(find_duplicates({shot, near}, 5) == Indices{0, 1});
  ShotHash two = shot;
  two.parts[3] = kNoHash;
  CHECK(find_duplicates({shot, two, two}, 6) == Indices{0, 0, 0});
  ShotHash one = two;
  one.parts[2] = kNoHash;
  CHECK(find_duplicates({shot, one, one, {}, {}}, 64) == Indices{0, 1, 2, 3, 4});
}

TEST_CASE("the answer is that of comparing every pair", "[filter]") {
  HashMaker maker;
  Hashes hashes;
  for (int i = 0; i < 120; ++i) hashes.push_back(maker.shot());
  // Families around the shots so far, as chains and as crowds, with and without missing parts.
  for (int i = 0; i < 480; ++i) {
    ShotHash shot = maker.changed(hashes[maker.below(hashes.size())], int(maker.below(45)));
    if (maker.below(6) == 0) shot.parts[maker.below(4)] = kNoHash;
    hashes.push_back(shot);
  }
  size_t groups = hashes.size();
  for (const int max_distance : {0, 1, 3, 4, 7, 8}) {
    INFO("max_distance " << max_distance);
    const Indices found = find_duplicates(hashes, max_distance);
    CHECK(found == groups_by_force(hashes, max_distance));
    size_t distinct = 0;
    for (size_t i = 0; i < found.size(); ++i) distinct += size_t(found[i] == int64_t(i));
    CHECK(distinct <= groups);
    groups = distinct;
  }
  CHECK(groups < 400);
  CHECK(groups > 100);
}

TEST_CASE("without shots, or below distance 0, there are no duplicates", "[filter]") {
  const ShotHash shot = HashMaker().shot();
  CHECK(find_duplicates({}, 6).empty());
  CHECK(find_duplicates({shot}, 6) == Indices{0});
  CHECK(find_duplicates({shot, shot}, 0) == Indices{0, 0});
  CHECK(find_duplicates({shot, shot}, -1) == Indices{0, 1});
}

TEST_CASE("equal shots, crowds of similar ones and empty ones do not cost their square",
          "[filter]") {
  // Comparing every pair of one of these would take minutes.
  constexpr size_t kMany = 100000;
  HashMaker maker;
  const ShotHash centre = maker.shot();
  const auto began = std::chrono::steady_clock::now();
  const Indices equal = find_duplicates(Hashes(kMany, centre), 3);
  CHECK(std::count(equal.begin(), equal.end(), 0) == int64_t(kMany));
  const Indices none = find_duplicates(Hashes(kMany), 3);
  CHECK(none.back() == int64_t(kMany) - 1);
  Hashes crowd;
  for (size_t i = 0; i < kMany / 4; ++i) crowd.push_back(maker.changed(centre, 5));
  const Indices similar = find_duplicates(crowd, 3);
  CHECK(std::count(similar.begin(), similar.end(), 0) == int64_t(kMany) / 4);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(20));
}

}  // namespace
}  // namespace sana::filter
