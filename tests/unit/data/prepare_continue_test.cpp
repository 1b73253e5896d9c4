// A prepare that ends early and goes on.
#include <csignal>

#include "core/hash.h"
#include "core/signals.h"
#include "data/prepared/prepare.h"
#include "support/data_fixtures.h"

namespace sana::data {
namespace {

struct Killed {};

TEST_CASE("a killed prepare continues and gives the same data set", "[data]") {
  const TempFolder folder;
  pixels_source(folder);
  auto config = test_config(folder / "pixels", folder / "whole", "latents");
  int64_t calls = 0;
  Encoders encoders = test_encoders(&calls);
  const auto whole = run_prepare(config, &encoders);
  REQUIRE(calls == 4);

  config.output = (folder / "killed").string();
  Encoders dying = test_encoders();
  int64_t left = 2;
  dying.latents = [&](const at::Tensor& video) {
    if (left-- == 0) throw Killed();
    return encoders.latents(video);
  };
  CHECK_THROWS_AS(run_prepare(config, &dying), Killed);
  CHECK(contains(error_of([&] { PreparedDataset dataset(folder / "killed"); }), "unfinished"));
  // What a kill in the middle of writing leaves: half a line and a sample without a line.
  std::ofstream(folder / "killed/work/journal.jsonl", std::ios::app) << "{\"sample\": {\"id\"";
  write_text(folder / "killed/work/sample-00000002.h5", "half");
  write_text(folder / "killed/work/sample-00000003.h5.partial", "half");

  calls = 0;
  const auto continued = run_prepare(config, &encoders);
  CHECK(calls == 2);
  CHECK(continued.samples == whole.samples);
  CHECK(continued.fingerprint == whole.fingerprint);
  CHECK_FALSE(fs::exists(folder / "killed/work"));
  CHECK(hash_file(folder / "killed/shard-00000.h5") == hash_file(folder / "whole/shard-00000.h5"));
}

TEST_CASE("a kill between shards loses none and keeps their borders", "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder / "pixels", std::vector<ClipSize>(6, {256, 256, 9}));
  auto config = test_config(folder / "pixels", folder / "whole", "latents");
  config.max_shard_mib = 1;
  Encoders encoders = test_encoders();
  encoders.geometry.latent_channels = 40;
  encoders.latents = [](const at::Tensor& video) {
    // 40 latent channels: about a third of a shard for each sample.
    const at::Tensor small = at::avg_pool3d(video, {1, 8, 8}).slice(2, 0, std::nullopt, 4);
    return small.mean(1, true).expand({1, 40, 3, 32, 32}).contiguous();
  };
  const auto whole = run_prepare(config, &encoders);
  REQUIRE(fs::exists(folder / "whole/shard-00001.h5"));
  for (int64_t survived = 1; survived < 6; ++survived) {
    INFO(survived);
    const auto name = "killed" + std::to_string(survived);
    config.output = (folder / name).string();
    Encoders dying = encoders;
    int64_t left = survived;
    dying.latents = [&](const at::Tensor& video) {
      if (left-- == 0) throw Killed();
      return encoders.latents(video);
    };
    CHECK_THROWS_AS(run_prepare(config, &dying), Killed);
    CHECK(run_prepare(config, &encoders).fingerprint == whole.fingerprint);
    for (const char* shard : {"shard-00000.h5", "shard-00001.h5", "shard-00000.index.json",
                              "shard-00001.index.json", "dataset.json"}) {
      CHECK(hash_file(folder / name / shard) == hash_file(folder / "whole" / shard));
    }
  }
}

TEST_CASE("a request to stop ends after the current clip and the next call continues", "[data]") {
  const TempFolder folder;
  pixels_source(folder);
  const auto config = test_config(folder / "pixels", folder / "out", "latents");
  sana::install_stop_handlers();
  Encoders encoders = test_encoders();
  const auto encode = encoders.latents;
  encoders.latents = [&](const at::Tensor& video) {
    std::raise(SIGTERM);
    return encode(video);
  };
  const auto stopped = run_prepare(config, &encoders);
  CHECK(stopped.stopped);
  CHECK(stopped.samples == 1);
  sana::clear_stop_request();
  encoders.latents = encode;
  const auto finished = run_prepare(config, &encoders);
  CHECK_FALSE(finished.stopped);
  CHECK(finished.samples == 4);
}

}  // namespace
}  // namespace sana::data
