#include "filter/config/filter_config.h"

#include <algorithm>
#include <set>

#include "core/config/config.h"
#include "core/hash.h"
#include "filter/record/score_table.h"

namespace sana::filter {
namespace {

// Raised when the same settings begin to give other numbers.
constexpr int kMeasureVersion = 3;

}  // namespace

std::vector<std::string> FilterConfig::score_names() const {
  std::vector<std::string> names;
  for (const ScoreKind& kind : score_table()) names.push_back(kind.name);
  for (const LearnedScoreConfig& score : learned) names.push_back(score.name);
  names.insert(names.end(), sidecars.scores.begin(), sidecars.scores.end());
  return names;
}

void FilterConfig::validate(config::Problems& problems) const {
  if (sources.empty()) problems.add("sources", "is empty: name a folder, list or shard");
  if (stages.empty())
    problems.add("stages", "is empty: name at least one, such as {name: 480p, preset: 480p}");
  const std::vector<std::string> names = score_names();
  std::set<std::string> known;
  for (const std::string& name : names) {
    if (!known.insert(name).second) {
      problems.add("",
                   "two scores are called '" + name + "'; rename the learned one or the sidecar");
    }
  }
  std::set<std::string> stage_names;
  for (size_t i = 0; i < stages.size(); ++i) {
    const auto key = fmt::format("stages.{}", i);
    if (!stage_names.insert(stages[i].name).second) {
      problems.add(key + ".name", "'" + stages[i].name + "' is the name of two stages");
    }
    for (size_t k = 0; k < stages[i].criteria.size(); ++k) {
      const std::string& score = stages[i].criteria[k].score;
      if (known.count(score) != 0) continue;
      const auto where = fmt::format("{}.criteria.{}.score", key, k);
      problems.add(where, "'" + score + "' is no score; there are " +
                              fmt::format("{}", fmt::join(names, ", ")));
    }
  }
}

std::string FilterConfig::measured_with() const {
  std::string text = fmt::format("{}\n{}\n{}\n", kMeasureVersion, config::to_yaml(shots),
                                 config::to_yaml(measure));
  for (const LearnedScoreConfig& score : learned) {
    text += config::to_yaml(score) + hash_file(score.file) + "\n";
  }
  return hash_text(text).substr(0, 12);
}

}  // namespace sana::filter
