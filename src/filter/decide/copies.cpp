#include "filter/decide/copies.h"

#include <cmath>
#include <map>
#include <tuple>

#include "filter/decide/duplicates.h"

namespace sana::filter {
namespace {

// Larger is better; missing numbers count as nothing.
std::tuple<double, double, double, double> quality(const ShotTable& table, int64_t shot) {
  const auto score = [&](const char* name) {
    const double value = table.score(shot, table.column(name));
    return value == value ? value : 0;
  };
  // In steps, since a few pixels more or less are no difference.
  const double text = std::round(score("text") * 50);
  return {score("short_side"), -text, table.seconds(shot), score("bit_rate")};
}

}  // namespace

void mark_copies(ShotTable& table, int64_t max_distance) {
  const std::vector<int64_t> groups = find_duplicates(table.hashes(), int(max_distance));
  std::map<int64_t, int64_t> best;
  for (int64_t i = 0; i < table.size(); ++i) {
    const auto [entry, is_new] = best.emplace(groups[size_t(i)], i);
    // Shots are in the order of their ids, so the first of equals stays.
    if (!is_new && quality(table, i) > quality(table, entry->second)) entry->second = i;
  }
  const size_t column = table.column("copy");
  for (int64_t i = 0; i < table.size(); ++i) {
    table.set_score(i, column, best.at(groups[size_t(i)]) == i ? 0 : 1);
  }
}

}  // namespace sana::filter
