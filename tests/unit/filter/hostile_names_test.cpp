// Videos of every name that a file system allows, from raw files through a manifest to samples.
#include <csignal>
#include <fstream>
#include <set>

#include "core/build_config.h"
#include "core/signals.h"
#include "core/text.h"
#include "data/prepared/prepare.h"
#include "data/source/source_list.h"
#include "filter/export/export_clips.h"
#include "filter/filter.h"
#include "filter/measure/observer.h"
#include "support/errors.h"
#include "support/pack.h"
#include "support/temporary_directory.h"
#include "unit/filter/filter_fixtures.h"

namespace {
namespace fs = std::filesystem;
using namespace sana::filter;
using sana_test::TemporaryDirectory;

const std::vector<std::string> kNames = {"plain.avi",   "caf\xe8.avi",        "caf\xe9.avi",
                                         "line\nf.avi", "d\xff/in.avi",       "d\xfe/in.avi",
                                         "a_b.avi",     "caf\xef\xbf\xbd.avi"};

void write_hostile(const TemporaryDirectory& folder) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    sana_test::write_video(folder / "one.avi", sana_test::shot(int(i) + 1, 40, 2, {128, 64}));
    const fs::path clip = folder / ("in/" + kNames[i]);
    fs::create_directories(clip.parent_path());
    fs::rename(folder / "one.avi", clip);
    std::ofstream(fs::path(clip).replace_extension(".txt")) << "caption " << i;
  }
  std::ofstream(folder / "in/broken\xe9.avi") << "no video";
  std::ofstream(folder / "in/other\xe9.flv") << "x";
  std::ofstream(folder / "in/bad\xe9.zip") << "no archive";
}

FilterConfig config_of(const fs::path& source, const fs::path& output) {
  FilterConfig config;
  config.sources = {source.string()};
  config.output = output.string();
  StageConfig stage;
  stage.name = "all";
  stage.criteria = {{"seconds", 0.5, {}}};
  stage.needs_caption = true;
  config.stages = {stage};
  return config;
}

void check_all(const fs::path& source, const fs::path& output, int64_t unusable) {
  const auto progress = sana::make_silent_progress();
  const FilterConfig config = config_of(source, output);
  REQUIRE(measure(config, *progress));
  const FilterResult result = decide(config, *progress);
  const auto used = int64_t(kNames.size());
  CHECK(result.files == used + unusable);
  CHECK(result.unusable_files == unusable);
  CHECK(result.stages[0].kept == used);  // each with its caption
  const auto items = sana::data::list_sources(result.stages[0].manifest, "all");
  std::set<std::string> captions;
  for (const auto& item : items) {
    CHECK_FALSE(item.problem);
    CHECK(fs::exists(item.place.path));
    captions.insert(item.caption);
  }
  CHECK(int64_t(captions.size()) == used);

  sana::data::PrepareConfig prepare;
  prepare.source = result.stages[0].manifest;
  prepare.output = (output / "prepared").string();
  prepare.kind = "pixels";
  prepare.fps = 16;
  prepare.frames = 5;
  prepare.buckets.sizes = {"64x128"};
  const auto prepared = sana::data::prepare(prepare, nullptr, *progress);
  CHECK(prepared.listed == used);
  CHECK(prepared.samples == used);
  CHECK(prepared.unused == 0);
  // Nothing is measured again, and the manifest is the same.
  const std::string before = sana_test::file_bytes(result.stages[0].manifest);
  REQUIRE(measure(config, *progress));
  decide(config, *progress);
  CHECK(sana_test::file_bytes(result.stages[0].manifest) == before);
}

}  // namespace

TEST_CASE("every video is used or told from filter to prepare, whatever it is called", "[filter]") {
  const TemporaryDirectory folder;
  write_hostile(folder);
  check_all(folder / "in", folder / "out", 3);
}

TEST_CASE("measuring ends within a video when it is asked to stop, and goes on", "[filter]") {
  const TemporaryDirectory folder;
  sana_test::write_video(folder / "in/a.avi", sana_test::shot(1, 40, 2, {128, 64}));
  const auto progress = sana::make_silent_progress();
  const FilterConfig config = config_of(folder / "in", folder / "out");
  sana::install_stop_handlers();
  std::raise(SIGTERM);
  CHECK_THROWS_AS(measure(config, *progress), sana::Stopped);  // while listing
  sana::media::VideoStream stream(sana::media::open_bytes(folder / "in/a.avi"), "a.avi");
  MotionMeter meter;
  CHECK_THROWS_AS(observe(stream, config.measure, meter), sana::Stopped);
  sana::clear_stop_request();
  CHECK(measure(config, *progress));
}

#if SANA_HAS_ARCHIVES
TEST_CASE("members of an archive keep their names from filter to prepare", "[filter]") {
  const TemporaryDirectory folder;
  write_hostile(folder);
  const std::string tar = "cd '" + folder.path().string() + "' && tar -cf t.tar -C in .";
  REQUIRE(std::system(tar.c_str()) == 0);
  check_all(folder / "t.tar", folder / "out", 2);
}

TEST_CASE("a member above max_member_mib is looked at again when that is raised", "[filter]") {
  const TemporaryDirectory folder;
  write_hostile(folder);
  std::ofstream(folder / "in/large.avi") << std::string(3 << 19, 'x');
  const std::string tar = "cd '" + folder.path().string() + "' && tar -cf t.tar -C in .";
  REQUIRE(std::system(tar.c_str()) == 0);
  const auto progress = sana::make_silent_progress();
  FilterConfig config = config_of(folder / "t.tar", folder / "out");
  const auto told = [&] {
    REQUIRE(measure(config, *progress));
    decide(config, *progress);
    return sana_test::file_bytes(folder / "out/unusable.jsonl");
  };
  config.max_member_mib = 1;
  CHECK(sana_test::contains(told(), "raise max_member_mib"));
  config.max_member_mib = 2;
  CHECK_FALSE(sana_test::contains(told(), "raise max_member_mib"));
  CHECK(sana_test::contains(told(), "large.avi"));
}
#endif
