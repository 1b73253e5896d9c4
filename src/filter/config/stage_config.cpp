#include "filter/config/stage_config.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <set>

namespace sana::filter {
namespace {

// 81 frames at 16 frames/s, the clip of the paper's stages.
constexpr double kClipSeconds = 81.0 / 16;

// What no stage wants. Bounds chosen by looking at real clips beside their scores.
std::vector<CriterionConfig> common_criteria(double short_side) {
  return {{"short_side", short_side, {}},
          {"seconds", kClipSeconds, {}},
          {"copy", {}, 0.0},
          {"black", {}, 0.02},
          {"freeze", {}, 0.2},
          {"slideshow", {}, 0.2},
          {"brightness", 20.0, 235.0},
          {"flicker", {}, 2.5},
          {"text", {}, 0.02},
          {"motion", 1.0, 30.0}};
}

std::vector<CriterionConfig> preset_criteria(const std::string& name) {
  if (name == "256p") return common_criteria(192);
  auto criteria = common_criteria(name == "480p" ? 480 : 720);
  if (name == "480p") {
    criteria.push_back({"blur", {}, 0.6});
    return criteria;
  }
  if (name == "720p") {
    criteria.push_back({"blur", {}, 0.5});
    criteria.push_back({"bits_per_pixel", 0.02, {}});
    return criteria;
  }
  if (name != "quality") return {};
  for (CriterionConfig& criterion : criteria) {
    if (criterion.score == "text") criterion.max = 0.01;
    if (criterion.score == "motion") criterion = {"motion", 1.5, 20.0};
    if (criterion.score == "flicker") criterion.max = 1.0;
  }
  criteria.push_back({"border", {}, 0.01});
  criteria.push_back({"blur", {}, 0.4});
  criteria.push_back({"bits_per_pixel", 0.04, {}});
  criteria.push_back({"colourfulness", 10.0, {}});
  return criteria;
}

}  // namespace

void CriterionConfig::validate(config::Problems& problems) const {
  if (!min && !max) problems.add("", "needs min or max");
  if (min && max && *min > *max) {
    problems.add("min", fmt::format("({}) is above max ({})", *min, *max));
  }
}

void StageConfig::validate(config::Problems& problems) const {
  const bool is_word = !name.empty() && name.front() != '.' &&
                       std::all_of(name.begin(), name.end(), [](unsigned char c) {
                         return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
                       });
  if (!is_word)
    problems.add(
        "name",
        "'" + name + "' is part of a file name: use letters, digits, -, _ and, but not first, .");
  std::set<std::string> scores;
  for (const CriterionConfig& criterion : criteria) {
    if (!scores.insert(criterion.score).second) {
      problems.add("criteria", criterion.score + " is given twice");
    }
  }
}

std::vector<CriterionConfig> StageConfig::all_criteria() const {
  auto all = preset_criteria(preset);
  for (const CriterionConfig& criterion : criteria) {
    const auto same = std::find_if(all.begin(), all.end(), [&](const CriterionConfig& other) {
      return other.score == criterion.score;
    });
    if (same == all.end()) {
      all.push_back(criterion);
    } else {
      *same = criterion;
    }
  }
  return all;
}

}  // namespace sana::filter
