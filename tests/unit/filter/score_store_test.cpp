// What is measured survives a kill, and is used again only where it still holds.
#include "filter/record/score_store.h"

#include <fstream>

#include "core/files.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "unit/filter/filter_fixtures.h"

namespace {
using namespace sana::filter;
using sana_test::ContainsSubstring;
using sana_test::record;
using sana_test::TemporaryDirectory;

std::vector<VideoRecord> all(const std::filesystem::path& output) {
  std::vector<VideoRecord> records;
  read_scores(output, [&](VideoRecord record) { records.push_back(std::move(record)); });
  return records;
}

}  // namespace

TEST_CASE("a record comes back as it was written", "[filter]") {
  VideoRecord video = record("a b/ü.mp4", {1.5, 2.25});
  video.file.place.member = "k.mp4";
  video.shots[1].hash.parts = {0, 1, UINT64_MAX, 0x0123456789abcdef};
  const auto json = to_json(video);
  CHECK(to_json(video_from_json(json)) == json);
  const VideoRecord read = video_from_json(json);
  CHECK(read.shots[1].hash.parts == video.shots[1].hash.parts);
  CHECK(read.shots[0].scores == video.shots[0].scores);

  VideoRecord unusable;
  unusable.file = video.file;
  unusable.problem = sana::media::UnusedClip{video.file.id, "truncated", "d", "r"};
  CHECK(to_json(video_from_json(to_json(unusable))) == to_json(unusable));
}

TEST_CASE("scores are written in the order of the list, whatever order they came in", "[filter]") {
  const TemporaryDirectory folder;
  const VideoRecord a = record("a.mp4", {1}), b = record("b.mp4", {2});
  {
    ScoreStore store(folder.path());
    store.add(b);
    store.add(a);
    store.finish({a.file, b.file});
  }
  const std::string first = sana::read_text_file(folder / "scores.jsonl");
  CHECK(all(folder.path())[0].file.id == "a.mp4");
  CHECK_FALSE(std::filesystem::exists(folder / "journal.jsonl"));
  // A second run finds all and changes nothing.
  ScoreStore store(folder.path());
  CHECK(store.has(a.file, "test"));
  store.finish({a.file, b.file});
  CHECK(sana::read_text_file(folder / "scores.jsonl") == first);
}

TEST_CASE("a killed run goes on behind its last whole line", "[filter]") {
  const TemporaryDirectory folder;
  const VideoRecord a = record("a.mp4", {1}), b = record("b.mp4", {2});
  {
    ScoreStore store(folder.path());
    store.add(a);
  }
  std::ofstream(folder / "journal.jsonl", std::ios::app) << R"({"id": "b.mp4", "pa)";
  ScoreStore store(folder.path());
  CHECK(store.has(a.file, "test"));
  CHECK_FALSE(store.has(b.file, "test"));
  store.add(b);
  store.finish({a.file, b.file});
  CHECK(all(folder.path()).size() == 2);
}

TEST_CASE("a file that has changed, or other settings, are measured again", "[filter]") {
  const TemporaryDirectory folder;
  const VideoRecord a = record("a.mp4", {1});
  ScoreStore store(folder.path());
  store.add(a);
  CHECK(store.has(a.file, "test"));
  CHECK_FALSE(store.has(a.file, "other settings"));
  VideoFile larger = a.file, newer = a.file;
  ++larger.bytes;
  ++newer.modified_ns;
  CHECK_FALSE(store.has(larger, "test"));
  CHECK_FALSE(store.has(newer, "test"));
  VideoRecord again = a;
  again.file = newer;
  again.shots[0].scores["motion"] = 7;
  store.add(again);
  store.finish({newer});
  CHECK(all(folder.path())[0].shots[0].scores["motion"] == 7);
}

TEST_CASE("a damaged line is named", "[filter]") {
  const TemporaryDirectory folder;
  std::ofstream(folder / "scores.jsonl") << "{}\n";
  CHECK_THROWS_WITH(ScoreStore(folder.path()), ContainsSubstring("scores.jsonl:1: damaged"));
  CHECK_THROWS_WITH(all(folder / "nowhere"), ContainsSubstring("there are no scores yet"));
}
