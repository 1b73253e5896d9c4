// The names of all scores that are measured, with their units and meaning, in one table.
#pragma once
#include <string>
#include <vector>

namespace sana::filter {

struct ScoreKind {
  std::string name;
  std::string unit;  // empty: a share or a count
  std::string help;
};

// In the order in which they are shown. Learned scores and those of sidecar files come on top.
const std::vector<ScoreKind>& score_table();

}  // namespace sana::filter
