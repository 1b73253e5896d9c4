// What becomes of an output that two processes want, or wanted, to write.
#include <sstream>

#include "core/output_lock.h"
#include "support/data_fixtures.h"

namespace sana::data {
namespace {

#if SANA_HAS_VIDEO_IO
TEST_CASE("a second prepare of one output is refused before it touches anything", "[data][video]") {
  const TempFolder folder;
  write_captioned_clip(folder / "clips", "a");
  const auto config = test_config(folder / "clips", folder / "out", "pixels");
  fs::create_directories(folder / "out");
  {
    const OutputLock first = OutputLock::of_folder(folder / "out");
    CHECK(contains(error_of([&] { run_prepare(config); }), "is being written by process"));
    CHECK_FALSE(fs::exists(folder / "out/work"));
  }
  CHECK(run_prepare(config).samples == 1);
  CHECK_FALSE(fs::exists(folder / "out/.lock"));
}

TEST_CASE("a finished data set is cleared of what a kill left in it", "[data][video]") {
  const TempFolder folder;
  write_captioned_clip(folder / "clips", "a");
  const auto config = test_config(folder / "clips", folder / "out", "pixels");
  REQUIRE(run_prepare(config).samples == 1);
  // Killed after the last write: the lock has no holder any more.
  write_text(folder / "out/.lock", "process 1 on nowhere\n");
  fs::create_directories(folder / "out/work");
  {
    const OutputLock other = OutputLock::of_folder(folder / "out");
    CHECK(contains(error_of([&] { run_prepare(config); }), "is being written by process"));
    CHECK(fs::exists(folder / "out/work"));
  }
  write_text(folder / "out/.lock", "process 1 on nowhere\n");
  CHECK(run_prepare(config).samples == 1);
  CHECK_FALSE(fs::exists(folder / "out/.lock"));
  CHECK_FALSE(fs::exists(folder / "out/work"));
}
#endif

TEST_CASE("a journal whose lines two processes wrote twice is mended", "[data]") {
  const TempFolder folder;
  const nlohmann::ordered_json plan = {{"test", true}};
  {
    WorkFolder work(folder.path(), plan, 1 << 20);
    for (int64_t i = 0; i < 3; ++i) {
      Sample sample;
      sample.pixels = test_pixels(1, 8, 8, i);
      const std::string name = "clip" + std::to_string(i);
      work.add_sample({name, "a caption", {8, 8, 1}, 0, sample_hash(sample), 16, {}}, sample);
      work.finish_source(name, std::nullopt);
    }
  }
  const fs::path journal = folder / "work/journal.jsonl";
  std::istringstream lines(read_all(journal));
  std::string twice, line;
  while (std::getline(lines, line)) twice += line + "\n" + line + "\n";
  write_text(journal, twice);
  WorkFolder work(folder.path(), plan, 1 << 20);
  CHECK(work.samples().size() == 3);
  CHECK(work.finish_shards().size() == 1);
}

}  // namespace
}  // namespace sana::data
