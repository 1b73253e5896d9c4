#include "filter/decide/verdict.h"

#include <cmath>

#include "core/error.h"
#include "core/random.h"

namespace sana::filter {
namespace {

constexpr const char* kNoCaption = "caption missing";

// In [0, 1), from the text alone.
double draw(const std::string& text) {
  return double(stream_seed(0, text) >> 11) / double(uint64_t(1) << 53);
}

bool meets(const CriterionConfig& criterion, double value) {
  if (std::isnan(value)) return false;
  return (!criterion.min || value >= *criterion.min) && (!criterion.max || value <= *criterion.max);
}

}  // namespace

std::string criterion_text(const CriterionConfig& criterion) {
  if (criterion.min && criterion.max) {
    return fmt::format("{} {:g} to {:g}", criterion.score, *criterion.min, *criterion.max);
  }
  if (criterion.min) return fmt::format("{} at least {:g}", criterion.score, *criterion.min);
  return fmt::format("{} at most {:g}", criterion.score, criterion.max.value_or(0));
}

Verdict::Verdict(const ShotTable& table, const StageConfig& stage)
    : table_(table), stage_(stage), criteria_(stage.all_criteria()) {
  SANA_ASSERT(criteria_.size() < 255);
  for (const CriterionConfig& criterion : criteria_) {
    columns_.push_back(table.column(criterion.score));
  }
  failed_.resize(size_t(table.size()));
  for (int64_t i = 0; i < table.size(); ++i) {
    for (size_t k = 0; k < criteria_.size(); ++k) {
      if (!meets(criteria_[k], table.score(i, columns_[k])))
        failed_[size_t(i)].push_back(uint8_t(k));
    }
    if (stage_.needs_caption && captions(i).empty()) {
      failed_[size_t(i)].push_back(uint8_t(criteria_.size()));
    }
  }
}

std::string Verdict::reason(int64_t shot, uint8_t criterion) const {
  if (criterion == criteria_.size()) return kNoCaption;
  const CriterionConfig& bounds = criteria_[criterion];
  const double value = table_.score(shot, columns_[criterion]);
  if (std::isnan(value)) return bounds.score + " not measured";
  if (bounds.min && value < *bounds.min) {
    return fmt::format("{} below {:g}", bounds.score, *bounds.min);
  }
  return fmt::format("{} above {:g}", bounds.score, bounds.max.value_or(0));
}

std::vector<std::pair<Caption, double>> Verdict::captions(int64_t shot) const {
  std::vector<std::pair<Caption, double>> found;
  const auto& all = table_.video_of(shot).captions;
  if (stage_.captions.empty()) {
    for (const auto& [source, text] : all) found.push_back({{source, text}, 1.0});
    return found;
  }
  for (const CaptionConfig& wanted : stage_.captions) {
    const auto caption = all.find(wanted.source);
    if (caption != all.end() && wanted.weight > 0) {
      found.push_back({{wanted.source, caption->second}, wanted.weight});
    }
  }
  return found;
}

std::optional<Caption> Verdict::caption(int64_t shot) const {
  const auto all = captions(shot);
  if (all.empty()) return std::nullopt;
  double total = 0;
  for (const auto& [caption, weight] : all) total += weight;
  double left = draw(stage_.name + "\n" + table_.id(shot)) * total;
  for (const auto& [caption, weight] : all) {
    left -= weight;
    if (left < 0) return caption;
  }
  return all.back().first;
}

std::vector<std::string> Verdict::criterion_texts() const {
  std::vector<std::string> texts;
  for (const CriterionConfig& criterion : criteria_) texts.push_back(criterion_text(criterion));
  if (stage_.needs_caption) texts.push_back("caption");
  return texts;
}

}  // namespace sana::filter
