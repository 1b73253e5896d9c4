// Shots that show the same, such as one video in two encodings.
#pragma once
#include <cstdint>
#include <vector>

#include "filter/record/shot_hash.h"

namespace sana::filter {

// For each shot the smallest index of its group: the shots that chains of duplicates connect.
//
// Two shots are duplicates if the mean hash_distance of their parts is at most max_distance; the
// mean, because small shifts in time spoil one part more than another, while a part of another
// scene (about 32 bits) still drives the mean of four above 7. Parts with kNoHash are left out;
// with fewer than two parts to compare, shots match nothing.
//
// Exact for every max_distance; negative ones match nothing. Fast up to 7 (300,000 shots: about 2
// s), from 8 on about six times slower for each 4. Crowds of duplicates cost no more; crowds of
// shots that are alike, but just not duplicates, cost their square (10,000: about 2 s). Memory is
// proportional to the number of shots.
std::vector<int64_t> find_duplicates(const std::vector<ShotHash>& hashes, int max_distance);

}  // namespace sana::filter
