#include "filter/report/report_data.h"

#include <algorithm>
#include <cmath>

#include "core/base64.h"
#include "core/build_config.h"
#include "core/error.h"
#include "filter/record/score_table.h"
#include "filter/report/histogram.h"

namespace sana::filter {
namespace {

using Json = nlohmann::ordered_json;

Json number_or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

double hours(double seconds) { return std::round(seconds / 3600 * 1e6) / 1e6; }

// `count` of `shots`, evenly spread over their order, so that a sheet shows all of the set.
std::vector<int64_t> spread(const std::vector<int64_t>& shots, int64_t count) {
  if (int64_t(shots.size()) <= count) return shots;
  std::vector<int64_t> chosen;
  for (int64_t k = 0; k < count; ++k) {
    chosen.push_back(shots[size_t((2 * k + 1) * int64_t(shots.size()) / (2 * count))]);
  }
  return chosen;
}

Json totals(const ReportInput& input, const ShotTable& table) {
  double seconds = 0;
  for (int64_t i = 0; i < table.size(); ++i) seconds += table.seconds(i);
  return {{"files", input.files},
          {"unusable_files", input.unusable.count},
          {"shots", table.size()},
          {"hours", hours(seconds)}};
}

Json unusable(const UnusableFiles& files) {
  std::vector<const UnusableFiles::Group*> groups;
  for (const auto& [reason, group] : files.by_reason) groups.push_back(&group);
  std::stable_sort(groups.begin(), groups.end(),
                   [](const auto* a, const auto* b) { return a->count > b->count; });
  auto rows = Json::array();
  for (const auto* group : groups) {
    const media::UnusedClip& example = group->example;
    rows.push_back({{"reason", example.reason},
                    {"count", group->count},
                    {"example", example.id},
                    {"detail", example.detail},
                    {"remedy", example.remedy}});
  }
  return rows;
}

class StageReport {
 public:
  StageReport(const ShotTable& table, const Verdict& verdict, const ReportConfig& config)
      : table_(table), verdict_(verdict), config_(config) {}

  Json build() {
    for (int64_t i = 0; i < table_.size(); ++i) {
      if (verdict_.keeps(i)) {
        kept_.push_back(i);
        kept_seconds_ += table_.seconds(i);
        const auto caption = verdict_.caption(i);
        ++captions_[caption ? caption->source : "none"];
      } else {
        const uint8_t first = verdict_.failed(i).front();
        rejected_[{first, verdict_.reason(i, first)}].push_back(i);
      }
    }
    auto captions = Json::object();
    for (const auto& [source, count] : captions_) captions[source] = count;
    return {{"name", verdict_.stage().name},
            {"kept", kept_.size()},
            {"kept_hours", hours(kept_seconds_)},
            {"examined", table_.size()},
            {"weight", verdict_.stage().weight},
            {"funnel", funnel()},
            {"captions", captions},
            {"sheets", sheets()}};
  }

 private:
  Json funnel() const {
    const std::vector<std::string> texts = verdict_.criterion_texts();
    std::vector<int64_t> rejected(texts.size()), failing(texts.size());
    std::vector<double> rejected_seconds(texts.size());
    double seconds = 0;
    for (int64_t i = 0; i < table_.size(); ++i) {
      seconds += table_.seconds(i);
      for (const uint8_t criterion : verdict_.failed(i)) ++failing[criterion];
      if (verdict_.keeps(i)) continue;
      const uint8_t first = verdict_.failed(i).front();
      ++rejected[first];
      rejected_seconds[first] += table_.seconds(i);
    }
    auto rows = Json::array();
    int64_t left = table_.size();
    for (size_t k = 0; k < texts.size(); ++k) {
      left -= rejected[k];
      seconds -= rejected_seconds[k];
      const bool is_score = k < verdict_.criteria().size();
      const CriterionConfig bounds = is_score ? verdict_.criteria()[k] : CriterionConfig{};
      rows.push_back({{"criterion", texts[k]},
                      {"score", is_score ? Json(bounds.score) : Json(nullptr)},
                      {"min", number_or_null(bounds.min)},
                      {"max", number_or_null(bounds.max)},
                      {"rejected", rejected[k]},
                      {"failing", failing[k]},
                      {"left", left},
                      {"left_hours", hours(std::max(0.0, seconds))}});
    }
    return rows;
  }

  Json clip(int64_t i) const {
    const ShotTable::Shot& shot = table_.shot(i);
    auto scores = Json::object();
    for (size_t k = 0; k < table_.score_names().size(); ++k) {
      const double value = table_.score(i, k);
      if (!std::isnan(value)) scores[table_.score_names()[k]] = value;
    }
    auto failed = Json::array();
    for (const uint8_t criterion : verdict_.failed(i)) {
      const bool is_score = criterion < verdict_.criteria().size();
      failed.push_back(is_score ? verdict_.criteria()[criterion].score : "caption");
    }
    const auto caption = verdict_.caption(i);
    return {{"id", table_.id(i)},  {"file", table_.video_of(i).file.id},
            {"shot", shot.index},  {"start_s", shot.start_s},
            {"end_s", shot.end_s}, {"caption", caption ? caption->text : ""},
            {"scores", scores},    {"failed", failed}};
  }

  Json sheet(const std::string& title, const std::vector<int64_t>& shots) const {
    auto clips = Json::array();
    for (const int64_t i : spread(shots, config_.clips_per_sheet)) clips.push_back(clip(i));
    return {{"title", title}, {"count", shots.size()}, {"clips", clips}};
  }

  Json sheets() const {
    auto sheets = Json::array({sheet("kept", kept_)});
    for (const auto& [reason, shots] : rejected_) sheets.push_back(sheet(reason.second, shots));
    return sheets;
  }

  const ShotTable& table_;
  const Verdict& verdict_;
  const ReportConfig& config_;
  std::vector<int64_t> kept_;
  double kept_seconds_ = 0;
  std::map<std::string, int64_t> captions_;
  // By criterion, so that sheets stand in the order of the funnel.
  std::map<std::pair<uint8_t, std::string>, std::vector<int64_t>> rejected_;
};

Json thresholds(const std::string& score, const std::vector<Verdict>& verdicts) {
  auto rows = Json::array();
  for (const Verdict& verdict : verdicts) {
    for (const CriterionConfig& criterion : verdict.criteria()) {
      if (criterion.score != score) continue;
      rows.push_back({{"stage", verdict.stage().name},
                      {"min", number_or_null(criterion.min)},
                      {"max", number_or_null(criterion.max)}});
    }
  }
  return rows;
}

ScoreKind kind_of(const std::string& name, const FilterConfig& config) {
  for (const ScoreKind& kind : score_table()) {
    if (kind.name == name) return kind;
  }
  for (const LearnedScoreConfig& learned : config.learned) {
    if (learned.name == name) return {name, "", "Given by " + learned.file + "."};
  }
  return {name, "", "From the files <shard>" + name + ".json."};
}

Json score_report(const ShotTable& table, size_t column, const std::vector<Verdict>& verdicts,
                  const FilterConfig& config) {
  const std::string& name = table.score_names()[column];
  std::vector<double> values;
  for (int64_t i = 0; i < table.size(); ++i) {
    const double value = table.score(i, column);
    if (std::isfinite(value)) values.push_back(value);
  }
  const ScoreKind kind = kind_of(name, config);
  const auto missing = table.size() - int64_t(values.size());
  std::sort(values.begin(), values.end());
  return {{"name", name},
          {"unit", kind.unit},
          {"help", kind.help},
          {"missing", missing},
          {"histogram", histogram(values, config.report.histogram_bars)},
          {"quantiles", quantiles(values)},
          {"thresholds", thresholds(name, verdicts)}};
}

}  // namespace

void UnusableFiles::add(const media::UnusedClip& clip) {
  Group& group = by_reason[clip.reason];
  if (group.count++ == 0) group.example = clip;
  ++count;
}

Json report_data(const ReportInput& input, const ShotTable& table,
                 const std::vector<Verdict>& verdicts, const FilterConfig& config) {
  Json report = {{"name", input.name},
                 {"program", "sana-video " SANA_VERSION},
                 {"totals", totals(input, table)},
                 {"unusable", unusable(input.unusable)}};
  report["stages"] = Json::array();
  for (const Verdict& verdict : verdicts) {
    report["stages"].push_back(StageReport(table, verdict, config.report).build());
  }
  report["scores"] = Json::array();
  for (size_t k = 0; k < table.score_names().size(); ++k) {
    report["scores"].push_back(score_report(table, k, verdicts, config));
  }
  return report;
}

Json with_pictures(Json report, const Thumbnails& thumbnails) {
  for (Json& stage : report["stages"]) {
    for (Json& sheet : stage["sheets"]) {
      for (Json& clip : sheet["clips"]) {
        const std::string jpeg = thumbnails.get(clip["file"], clip["shot"]);
        if (!jpeg.empty()) clip["image"] = "data:image/jpeg;base64," + base64(jpeg);
      }
    }
  }
  return report;
}

}  // namespace sana::filter
