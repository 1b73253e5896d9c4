// Several processes make one data set.
#include <thread>

#include "data/prepared/prepared_dataset.h"
#include "support/data_fixtures.h"

namespace sana::data {
namespace {

#if SANA_HAS_VIDEO_IO

PrepareResult run_rank(const PrepareConfig& config, const Encoders* encoders,
                       const sana::LaunchRank& ranks) {
  const auto progress = sana::make_silent_progress();
  return prepare(config, encoders, *progress, ranks);
}

// All ranks at once, as their launcher starts them.
std::vector<PrepareResult> run_ranks(const PrepareConfig& config, const Encoders* encoders,
                                     int64_t count) {
  std::vector<PrepareResult> results{size_t(count)};
  std::vector<std::thread> threads;
  for (int64_t rank = 0; rank < count; ++rank) {
    threads.emplace_back([&, rank] {
      results[size_t(rank)] = run_rank(config, encoders, {rank, count, rank});
    });
  }
  for (std::thread& thread : threads) thread.join();
  return results;
}

void write_source(const TempFolder& folder) {
  for (int i = 0; i < 5; ++i) {
    write_captioned_clip(folder / "raw", std::string(1, char('a' + i)), 12, 10 * i);
  }
  write_text(folder / "raw" / "broken.mp4", "");
  write_text(folder / "raw" / "broken.txt", "a caption");
}

TEST_CASE("ranks share the work and give the data set that one process gives", "[data]") {
  const TempFolder folder;
  write_source(folder);
  const Encoders encoders = test_encoders();
  for (const char* kind : {"pixels", "latents"}) {
    INFO(kind);
    const auto config = [&](const std::string& name) {
      return test_config(folder / "raw", folder / (name + kind), kind);
    };
    const PrepareResult alone = run_rank(config("alone-"), &encoders, {});
    const auto results = run_ranks(config("shared-"), &encoders, 3);
    CHECK(results[0].fingerprint == alone.fingerprint);
    CHECK(results[0].samples == 5);
    CHECK(results[0].unused == 1);
    const PreparedDataset one(folder / (std::string("alone-") + kind));
    const PreparedDataset three(folder / (std::string("shared-") + kind));
    REQUIRE(three.size() == one.size());
    CHECK(three.damaged_files().empty());
    for (int64_t i = 0; i < one.size(); ++i) {
      CHECK(three.info(i).id == one.info(i).id);
      CHECK(at::equal(three.read({i}).data, one.read({i}).data));
    }
    CHECK(read_all(folder / (std::string("shared-") + kind) / "unused_clips.jsonl") ==
          read_all(folder / (std::string("alone-") + kind) / "unused_clips.jsonl"));
    // The same call again finds it complete.
    CHECK(run_rank(config("shared-"), &encoders, {1, 3, 1}).fingerprint == alone.fingerprint);
  }
}

TEST_CASE("a data set is gone on with by as many processes as began it", "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder / "pixels", std::vector<ClipSize>(5, {64, 128, 5}));
  const Encoders encoders = test_encoders();
  const auto config = test_config(folder / "pixels", folder / "out", "latents");
  run_rank(config, &encoders, {1, 2, 1});  // rank 0 has not come that far
  CHECK(contains(error_of([&] {
                   run_rank(config, &encoders, {0, 3, 0});
                 }),
                 "begun by 2 processes"));
  CHECK(contains(error_of([&] { run_rank(config, &encoders, {}); }), "begun by 2 processes"));
  CHECK(run_rank(config, &encoders, {0, 2, 0}).samples == 5);
}
#endif

}  // namespace
}  // namespace sana::data
