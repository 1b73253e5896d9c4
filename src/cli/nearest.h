// Suggestions for mistyped names.
#pragma once
#include <string>
#include <vector>

namespace sana::cli {

// The candidate that `word` was most likely meant to be: fewest letters to insert, delete or
// replace, at most a third of the word's length (and at least two allowed). Empty when none is
// near.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace sana::cli
