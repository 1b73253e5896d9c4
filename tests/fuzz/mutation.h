// Deterministic changes to the bytes of a file.
#pragma once
#include <random>
#include <string>

namespace sana_fuzz {

// One to four changes of `seed`: flipped bits, other numbers where sizes may be, a cut, a part that
// is doubled, removed or taken from `other`. A function of its arguments and of the generator's
// state.
std::string mutate(std::string seed, const std::string& other, std::mt19937_64& random);

}  // namespace sana_fuzz
