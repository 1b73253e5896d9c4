// Which shots a stage keeps, and why not the others.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "filter/config/stage_config.h"
#include "filter/decide/shot_table.h"

namespace sana::filter {

// "motion below 1", "motion above 30", "motion not measured"; the name of the criterion is "motion
// 1 to 30".
std::string criterion_text(const CriterionConfig& criterion);

struct Caption {
  std::string source, text;
};

// One stage's decision about every shot of a table.
class Verdict {
 public:
  Verdict(const ShotTable& table, const StageConfig& stage);

  bool keeps(int64_t shot) const { return failed_[size_t(shot)].empty(); }
  // Criteria that the shot does not meet, in order: indices into criteria(); criteria().size()
  // stands for the missing caption.
  const std::vector<uint8_t>& failed(int64_t shot) const { return failed_[size_t(shot)]; }
  // Why, for one of these.
  std::string reason(int64_t shot, uint8_t criterion) const;

  // The caption that is drawn for a kept shot among those it has, by their weights: a pure function
  // of its id. Nothing when it has none.
  std::optional<Caption> caption(int64_t shot) const;
  // Its captions of the stage's sources, with their weights.
  std::vector<std::pair<Caption, double>> captions(int64_t shot) const;

  const StageConfig& stage() const { return stage_; }
  const std::vector<CriterionConfig>& criteria() const { return criteria_; }
  // Names of all criteria as they stand in the report, the caption's last.
  std::vector<std::string> criterion_texts() const;

 private:
  const ShotTable& table_;
  StageConfig stage_;
  std::vector<CriterionConfig> criteria_;
  std::vector<size_t> columns_;
  std::vector<std::vector<uint8_t>> failed_;
};

}  // namespace sana::filter
