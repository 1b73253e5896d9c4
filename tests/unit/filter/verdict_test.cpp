// Criteria, captions and manifests of stages.
#include "filter/decide/verdict.h"

#include <fstream>
#include <map>

#include "filter/decide/copies.h"
#include "filter/decide/stage_manifest.h"
#include "support/temporary_directory.h"
#include "unit/filter/filter_fixtures.h"

namespace {
using namespace sana::filter;
using sana_test::record;
using sana_test::TemporaryDirectory;

ShotTable table_of(const std::vector<VideoRecord>& videos,
                   const std::map<std::string, std::string>& captions = {}) {
  ShotTable table({"motion", "seconds", "short_side", "text", "bit_rate", "copy"});
  for (const VideoRecord& video : videos) table.add(video, captions, {});
  return table;
}

StageConfig stage(std::vector<CriterionConfig> criteria) {
  return {"s", "", std::move(criteria), {}, false, 1};
}

std::vector<nlohmann::json> lines_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<nlohmann::json> lines;
  std::string line;
  while (std::getline(in, line)) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace

TEST_CASE("bounds belong to what they allow", "[filter]") {
  const ShotTable table = table_of({record("a.mp4", {0.99, 1, 30, 30.01})});
  const Verdict verdict(table, stage({{"motion", 1.0, 30.0}}));
  CHECK_FALSE(verdict.keeps(0));
  CHECK(verdict.keeps(1));
  CHECK(verdict.keeps(2));
  CHECK_FALSE(verdict.keeps(3));
  CHECK(verdict.reason(0, 0) == "motion below 1");
  CHECK(verdict.reason(3, 0) == "motion above 30");
}

TEST_CASE("every failed criterion is named, and a score that is missing fails", "[filter]") {
  auto video = record("a.mp4", {0.5}, /*seconds=*/2);
  video.shots[0].scores.erase("bit_rate");
  const ShotTable table = table_of({video});
  const Verdict verdict(table,
                        stage({{"seconds", 5.0, {}}, {"motion", 1.0, {}}, {"bit_rate", 1.0, {}}}));
  CHECK(verdict.failed(0) == std::vector<uint8_t>{0, 1, 2});
  CHECK(verdict.reason(0, 2) == "bit_rate not measured");
  CHECK(verdict.criterion_texts()[0] == "seconds at least 5");
}

TEST_CASE("a criterion of the stage takes the place of the preset's", "[filter]") {
  StageConfig config = stage({{"motion", 3.0, {}}, {"bit_rate", 10.0, {}}});
  config.preset = "480p";
  const auto all = config.all_criteria();
  int64_t motions = 0;
  for (const CriterionConfig& criterion : all) {
    if (criterion.score != "motion") continue;
    ++motions;
    CHECK(criterion.min == 3.0);
    CHECK_FALSE(criterion.max.has_value());
  }
  CHECK(motions == 1);
  CHECK(all.back().score == "bit_rate");
  CHECK(all.front().score == "short_side");
}

TEST_CASE("captions are drawn by their weights, the same in every run", "[filter]") {
  std::vector<VideoRecord> videos;
  for (int i = 0; i < 2000; ++i) videos.push_back(record(fmt::format("{}.mp4", i), {5}));
  const ShotTable table = table_of(videos, {{"prompt", "p"}, {"_vlm", "v"}, {"txt", "t"}});
  StageConfig config = stage({});
  config.captions = {{"prompt", 5}, {"_vlm", 95}};
  const Verdict verdict(table, config), again(table, config);
  std::map<std::string, int64_t> counts;
  for (int64_t i = 0; i < table.size(); ++i) {
    const auto caption = verdict.caption(i);
    REQUIRE(caption.has_value());
    ++counts[caption->source];
    CHECK(again.caption(i)->source == caption->source);
  }
  CHECK(counts.count("txt") == 0);
  CHECK(counts["prompt"] > 60);
  CHECK(counts["prompt"] < 140);
}

TEST_CASE("a stage that needs captions leaves out the clips without", "[filter]") {
  const ShotTable table = table_of({record("a.mp4", {5})}, {{"txt", "words"}});
  StageConfig config = stage({});
  config.needs_caption = true;
  CHECK(Verdict(table, config).keeps(0));
  config.captions = {{"prompt", 1}};
  const Verdict verdict(table, config);
  CHECK_FALSE(verdict.keeps(0));
  CHECK(verdict.reason(0, verdict.failed(0)[0]) == "caption missing");
}

TEST_CASE("of copies the best stays", "[filter]") {
  auto small = record("a.mp4", {5}), large = record("b.mp4", {5}), other = record("c.mp4", {5});
  large.shots[0].hash = small.shots[0].hash;
  large.shots[0].scores["short_side"] = 720;
  ShotTable table = table_of({small, large, other});
  mark_copies(table, 6);
  const size_t column = table.column("copy");
  CHECK(table.score(0, column) == 1);
  CHECK(table.score(1, column) == 0);
  CHECK(table.score(2, column) == 0);

  // Of the same size, the one without a watermark.
  small.shots[0].scores["short_side"] = 720;
  large.shots[0].scores["text"] = 0.1;
  ShotTable marked = table_of({small, large, other});
  mark_copies(marked, 6);
  CHECK(marked.score(0, column) == 0);
  CHECK(marked.score(1, column) == 1);
}

TEST_CASE("a manifest says where each kept shot lies, a verdict why not the others", "[filter]") {
  const TemporaryDirectory folder;
  auto entry = record("shard.zip/k.mp4", {8});
  entry.file.place.path = "/data/shard.zip";
  entry.file.place.member = "k.mp4";
  const ShotTable table = table_of({record("a.mp4", {5, 0.1}), entry}, {{"txt", "words"}});
  StageConfig config = stage({{"motion", 1.0, {}}});
  config.weight = 0.5;
  const std::vector<Verdict> verdicts = {Verdict(table, config)};
  std::filesystem::create_directories(folder / "out");
  write_stage_manifest(folder / "out" / "stage-s.jsonl", table, verdicts[0]);
  const auto lines = lines_of(folder / "out" / "stage-s.jsonl");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0]["id"] == "a.mp4#0");
  const auto path = (folder / "out" / lines[0]["path"].get<std::string>()).lexically_normal();
  CHECK(path == std::filesystem::absolute("raw/a.mp4").lexically_normal());
  CHECK(lines[0]["caption"] == "words");
  CHECK(lines[0]["end_s"] == 6.0);
  CHECK(lines[0]["weight"] == 0.5);
  CHECK(lines[0]["scores"]["motion"] == 5.0);
  CHECK(lines[1]["path"] == "/data/shard.zip");
  CHECK(lines[1]["member"] == "k.mp4");

  write_verdicts(folder / "verdicts.jsonl", table, verdicts);
  const auto answers = lines_of(folder / "verdicts.jsonl");
  REQUIRE(answers.size() == 3);
  CHECK(answers[0]["s"] == "kept");
  CHECK(answers[1]["s"] == nlohmann::json::array({"motion below 1"}));
}
