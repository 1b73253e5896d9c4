// Copies of a shot across the whole set.
#pragma once
#include <cstdint>

#include "filter/decide/shot_table.h"

namespace sana::filter {

// Fills the score "copy": 0 for the best of each group of copies, 1 for the others. The best has
// the longest short side, then the most seconds, then the highest bit rate, then the first id.
// max_distance: bits of 64 in which the hashes of copies differ at most, see find_duplicates.
void mark_copies(ShotTable& table, int64_t max_distance);

}  // namespace sana::filter
