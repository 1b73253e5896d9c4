#include "data/drop_report.h"

#include "support/data_fixtures.h"

namespace sana::data {
namespace {

TEST_CASE("unused clips are grouped by reason, the most frequent first, with the remedy",
          "[data]") {
  DropReport report;
  report.add({"a.mp4", "zero bytes", "the file is empty", "copy the file again"});
  report.add({"b.mp4", "too short", "3 of 5 frames", "lower frames or fps"});
  report.add({"c.mp4", "too short", "4 of 5 frames", "lower frames or fps"});
  CHECK(report.summary(10, 14, 2) ==
        "data: 10 clips listed -> 7 usable, 14 samples in 2 buckets\n"
        "     2  too short (such as b.mp4: 3 of 5 frames) -> lower frames or fps\n"
        "     1  zero bytes (a.mp4: the file is empty) -> copy the file again");
}

TEST_CASE("the list of unused clips has one object for each, readable as JSON", "[data]") {
  const TempFolder folder;
  DropReport report;
  report.add({"a \"b\".mp4", "truncated", "detail\nin two lines", "copy the file again"});
  report.write(folder / "unused_clips.jsonl");
  const auto line = nlohmann::json::parse(read_all(folder / "unused_clips.jsonl"));
  CHECK(line["id"] == "a \"b\".mp4");
  CHECK(line["reason"] == "truncated");
  CHECK(line["detail"] == "detail\nin two lines");
  CHECK(line["remedy"] == "copy the file again");
}

}  // namespace
}  // namespace sana::data
