// The report's numbers add up.
#include "filter/report/report_data.h"

#include "filter/report/histogram.h"
#include "support/temporary_directory.h"
#include "unit/filter/filter_fixtures.h"

namespace {
using namespace sana::filter;
using sana_test::record;

}  // namespace

TEST_CASE("a histogram counts every value once", "[filter]") {
  std::vector<double> values;
  for (int i = 0; i < 1000; ++i) values.push_back(i * 0.1);
  values.push_back(1e9);
  const auto h = histogram(values, 10);
  int64_t sum = h["below"].get<int64_t>() + h["above"].get<int64_t>();
  for (const auto& count : h["counts"]) sum += count.get<int64_t>();
  CHECK(sum == 1001);
  CHECK(h["edges"].size() == 11);
  CHECK(h["edges"].back().get<double>() < 101);  // one wild value does not stretch it
  CHECK(h["above"].get<int64_t>() >= 1);
  CHECK(histogram({2, 2, 2}, 10)["counts"] == nlohmann::ordered_json::array({3}));
  CHECK(histogram({}, 10)["counts"].empty());
  CHECK(quantiles(values)["0.5"] == 50.0);
}

TEST_CASE("the funnel leads from all shots to those kept", "[filter]") {
  FilterConfig config;
  config.report.clips_per_sheet = 2;
  ShotTable table(config.score_names());
  table.add(record("a.mp4", {0.5, 5, 50, 6}), {{"txt", "words"}}, {});
  table.add(record("b.mp4", {7, 8}, /*seconds=*/2), {}, {});
  StageConfig stage;
  stage.name = "s";
  stage.criteria = {{"seconds", 5.0, {}}, {"motion", 1.0, 30.0}};
  const std::vector<Verdict> verdicts = {Verdict(table, stage)};
  ReportInput input{"set", 3, {}};
  input.unusable.add({"c.mp4", "truncated", "d", "r"});
  const auto report = report_data(input, table, verdicts, config);

  CHECK(report["totals"]["files"] == 3);
  CHECK(report["totals"]["unusable_files"] == 1);
  CHECK(report["totals"]["shots"] == 6);
  CHECK(report["unusable"][0]["example"] == "c.mp4");
  const auto& s = report["stages"][0];
  CHECK(s["kept"] == 2);
  CHECK(s["examined"] == 6);
  CHECK(s["funnel"][0]["rejected"] == 2);
  CHECK(s["funnel"][0]["left"] == 4);
  CHECK(s["funnel"][1]["rejected"] == 2);
  CHECK(s["funnel"][1]["left"] == 2);
  CHECK(s["funnel"][1]["failing"] == 2);
  CHECK(s["captions"]["txt"] == 2);
  // kept, seconds below 5, motion below 1, motion above 30
  REQUIRE(s["sheets"].size() == 4);
  int64_t shown = 0;
  for (const auto& sheet : s["sheets"]) shown += sheet["count"].get<int64_t>();
  CHECK(shown == 6);
  CHECK(s["sheets"][1]["title"] == "seconds below 5");
  CHECK(s["sheets"][1]["clips"][0]["failed"] == nlohmann::ordered_json::array({"seconds"}));
  for (const auto& score : report["scores"]) {
    if (score["name"] != "motion") continue;
    CHECK(score["missing"] == 0);
    CHECK(score["thresholds"][0]["max"] == 30.0);
  }
}

TEST_CASE("pictures are put into the page, not into report.json", "[filter]") {
  const sana_test::TemporaryDirectory folder;
  const Thumbnails thumbnails(folder.path());
  thumbnails.put("a.mp4", 1, "JPEG");
  FilterConfig config;
  ShotTable table(config.score_names());
  table.add(record("a.mp4", {5, 6}), {}, {});
  StageConfig stage;
  stage.name = "s";
  const std::vector<Verdict> verdicts = {Verdict(table, stage)};
  const auto report = report_data({"set", 1, {}}, table, verdicts, config);
  CHECK_FALSE(report["stages"][0]["sheets"][0]["clips"][1].contains("image"));
  const auto page = with_pictures(report, thumbnails);
  CHECK(page["stages"][0]["sheets"][0]["clips"][1]["image"] == "data:image/jpeg;base64,SlBFRw==");
  CHECK_FALSE(page["stages"][0]["sheets"][0]["clips"][0].contains("image"));
}
