#include "cli/nearest.h"

#include <algorithm>
#include <numeric>

namespace sana::cli {
namespace {

// Levenshtein distance, one row of the table at a time.
size_t letter_distance(const std::string& from, const std::string& to) {
  std::vector<size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= from.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= to.size(); ++j) {
      const size_t replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t smallest = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = letter_distance(word, candidate);
    if (distance >= smallest || distance >= candidate.size()) continue;
    smallest = distance;
    best = candidate;
  }
  return best;
}

}  // namespace sana::cli
