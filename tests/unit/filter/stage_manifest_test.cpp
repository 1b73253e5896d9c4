// What filter writes for a stage is what prepare reads.
#include "filter/decide/stage_manifest.h"

#include "core/config/config.h"
#include "core/error.h"
#include "data/source/manifest_line.h"
#include "data/source/source_list.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "unit/filter/filter_fixtures.h"

namespace {
namespace fs = std::filesystem;
using namespace sana::filter;
using sana_test::contains;
using sana_test::message_of;
using sana_test::record;
using sana_test::TemporaryDirectory;

constexpr const char* kPresets[] = {"", "none", "256p", "480p", "720p", "quality"};

// A video that every preset keeps, but for what `change` does to its shot.
VideoRecord good_video(const std::string& id) {
  VideoRecord video = record(id, {5.0});
  ShotRecord& shot = video.shots[0];
  shot.crop = {0, 2, 832, 476};
  shot.scores = {{"short_side", 720}, {"seconds", 6},       {"copy", 0},
                 {"black", 0},        {"freeze", 0},        {"slideshow", 0},
                 {"brightness", 90},  {"flicker", 0.5},     {"text", 0},
                 {"motion", 5},       {"blur", 0.2},        {"bits_per_pixel", 0.1},
                 {"border", 0},       {"colourfulness", 40}};
  return video;
}

// Of a file, of a member of a shard, and of one whose path is absolute.
ShotTable good_table() {
  std::vector<std::string> names;
  const VideoRecord video = good_video("a.mp4");
  for (const auto& [name, score] : video.shots[0].scores) names.push_back(name);
  ShotTable table(names);
  table.add(video, {{"txt", "a  cat"}, {"_vlm", "a grey cat"}}, {});
  VideoRecord member = good_video("s.zip/k.mp4");
  member.file.place.path = "raw/s.zip";
  member.file.place.member = "k.mp4";
  table.add(member, {}, {});
  VideoRecord elsewhere = good_video("z.mkv");
  elsewhere.file.place.path = "/data/z.mkv";
  table.add(elsewhere, {{"txt", "words"}}, {});
  return table;
}

std::string load_error(const std::string& weight) {
  return message_of<sana::UserError>([&] {
    sana::config::load_text<StageConfig>("name: s\nweight: " + weight + "\n", "stage.yaml");
  });
}

}  // namespace

TEST_CASE("prepare reads the manifest of every preset", "[filter]") {
  const TemporaryDirectory folder;
  const ShotTable table = good_table();
  for (const char* preset : kPresets) {
    INFO(preset);
    StageConfig stage;
    stage.name = "s";
    stage.preset = preset;
    stage.weight = 0.25;
    const Verdict verdict(table, stage);
    const fs::path manifest = folder / "stage-s.jsonl";
    write_stage_manifest(manifest, table, verdict);
    const auto items = sana::data::list_sources(manifest, "all");
    REQUIRE(items.size() == size_t(table.size()));
    for (int64_t i = 0; i < table.size(); ++i) {
      const auto& item = items[size_t(i)];
      CHECK(item.id == table.id(i));
      CHECK_FALSE(item.problem.has_value());
      CHECK(item.kind == sana::data::MediaKind::kVideo);
      CHECK(item.weight == 0.25);
      CHECK(item.place.start_s == table.shot(i).start_s);
      CHECK(item.place.end_s == table.shot(i).end_s);
      CHECK(item.place.crop == table.shot(i).crop);
      CHECK(item.place.member == table.video_of(i).file.place.member);
      CHECK(fs::absolute(item.place.path).lexically_normal() ==
            fs::absolute(table.video_of(i).file.place.path).lexically_normal());
    }
    CHECK((items[0].caption == "a cat" || items[0].caption == "a grey cat"));
    CHECK(items[1].caption.empty());
    CHECK(items[2].caption == "words");
  }
}

TEST_CASE("a manifest holds the keys that it has always held, in their order", "[filter]") {
  const TemporaryDirectory folder;
  ShotTable table({"motion", "blur", "copy"});
  VideoRecord video = record("a.mp4", {5.5});
  video.file.place.path = "/data/a.mp4";
  table.add(video, {{"txt", "a cat"}}, {});
  StageConfig stage;
  stage.name = "s";
  write_stage_manifest(folder / "stage-s.jsonl", table, Verdict(table, stage));
  CHECK(sana_test::file_bytes(folder / "stage-s.jsonl") ==
        R"({"id":"a.mp4#0","path":"/data/a.mp4","start_s":0.0,"end_s":6.0,"frames":144,)"
        R"("fps":24.0,"width":832,"height":480,"crop":[0,0,832,480],"caption":"a cat",)"
        R"("caption_source":"txt","captions":{"txt":["a cat",1.0]},"weight":1.0,)"
        R"("scores":{"motion":5.5}})"
        "\n");
}

TEST_CASE("a stage is refused the weights that prepare refuses", "[filter]") {
  for (const char* weight : {"0", "-1", "1001"}) {
    INFO(weight);
    const std::string said = load_error(weight);
    CHECK(contains(said, "weight"));
    CHECK(contains(said, "must be above 0, up to 1000"));
  }
  CHECK(sana::config::load_text<StageConfig>("name: s\nweight: 1000\n", "stage.yaml").weight ==
        1000);
  // And none is written that got past the configuration.
  const TemporaryDirectory folder;
  const ShotTable table = good_table();
  StageConfig stage;
  stage.name = "s";
  stage.weight = 0;
  CHECK(contains(message_of<sana::UserError>([&] {
                   write_stage_manifest(folder / "stage-s.jsonl", table, Verdict(table, stage));
                 }),
                 "a.mp4#0: weight must be above 0"));
  CHECK_FALSE(fs::exists(folder / "stage-s.jsonl"));
}
