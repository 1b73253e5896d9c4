#include "data/prepared/prepare_rules.h"

#include "core/config/config.h"
#include "data/prepared/bucket_table.h"
#include "data/prepared/prepare.h"
#include "support/data_fixtures.h"

namespace sana::data {
namespace {

const VaeGeometry kWan = {4, 8, 8, 16, true};
const VaeGeometry kLtx = {8, 32, 32, 128, true};

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::string all_rules(const PrepareConfig& config, const VaeGeometry& geometry) {
  return joined(explain_rules(config, config.only, geometry, "test VAE"));
}

std::vector<std::string> keys_refused(const PrepareConfig& config, const VaeGeometry& geometry) {
  config::Problems problems;
  check_for_vae(config, config.only, geometry, "test VAE", problems);
  std::vector<std::string> keys;
  for (const auto& problem : problems.all()) keys.push_back(problem.key);
  return keys;
}

using Keys = std::vector<std::string>;

TEST_CASE("the rules are told with their units", "[data]") {
  PrepareConfig config;
  config.buckets.table = "480p";
  const std::string latents = all_rules(config, kWan);
  CHECK(contains(latents,
                 "frames: 81 at 16 fps = 5.06 s per clip; 81 = 4 x 20 + 1: the first latent frame "
                 "stands for one frame, each further one for 4 -> 21 latent frames (test VAE)\n"));
  CHECK(contains(latents, "nearest in time to every 1/16 s"));
  CHECK(contains(latents, "11 sizes from 448x896 to 896x448, public table 480p"));
  CHECK(contains(latents, "shorter videos: below 5.06 s left out"));
  CHECK(contains(latents, "images: clips of one frame -> 1 latent frame"));
  const std::string pixels = joined(explain_rules(config, config.only));
  CHECK(contains(pixels, "frames: 81 at 16 fps = 5.06 s per clip\n"));
  CHECK_FALSE(contains(pixels, "latent"));
}

TEST_CASE("other lengths, windows and sizes are told as they are configured", "[data]") {
  PrepareConfig config;
  config.fps = 24;
  config.shorter_frames = {25, 49};
  config.clips_per_video = 3;
  config.buckets.multiple = 32;
  const std::string text = all_rules(config, kLtx);
  CHECK(contains(text, "the most of 49 (2.04 s, 7 latent frames), 25 (1.04 s, 4 latent frames)"));
  CHECK(contains(text, "up to 3 clips without overlap"));
  CHECK(contains(text, "generated, about 480x480 pixels, multiples of 32, sides up to 2:1"));
  config.buckets.sizes = {"64x128"};
  CHECK(contains(all_rules(config, kLtx), "64x128, as listed"));
  config.only = "images";
  CHECK_FALSE(contains(all_rules(config, kLtx), "fps"));
  config.only = "videos";
  CHECK_FALSE(contains(all_rules(config, kLtx), "images"));
}

TEST_CASE("frames and sizes that a VAE does not take are refused by their keys", "[data]") {
  PrepareConfig config;
  config.buckets.multiple = 32;
  CHECK(keys_refused(config, kLtx).empty());
  config.frames = 80;
  config.shorter_frames = {49, 45};
  CHECK(keys_refused(config, kLtx) == Keys{"frames", "shorter_frames"});
  config.only = "images";
  CHECK(keys_refused(config, kLtx).empty());
  config.buckets.multiple = 16;
  CHECK(keys_refused(config, kLtx) == Keys{"buckets.multiple"});
  CHECK(keys_refused(config, kWan).empty());
  config.buckets.sizes = {"64x64", "80x64"};
  CHECK(keys_refused(config, kLtx) == Keys{"buckets.sizes"});
  config.buckets.sizes = {};
  config.buckets.table = "480p";
  CHECK(keys_refused(config, kLtx) == Keys{"buckets.table"});
  config.buckets.table = "720p";
  CHECK(keys_refused(config, kLtx).empty());
}

TEST_CASE("pixels may have any number of frames, and shorter ones must be shorter", "[data]") {
  const auto load = [](const std::string& lines) {
    return sana::config::load_text<PrepareConfig>("source: a\noutput: b\n" + lines, "test.yaml");
  };
  CHECK(load("frames: 18\nshorter_frames: [6]\n").frames == 18);
  const std::string message = error_of([&] { load("frames: 18\nshorter_frames: [18]\n"); });
  CHECK(contains(message, "line 4"));
  CHECK(contains(message, "not below frames (18)"));
}

TEST_CASE("the table of buckets has a row for each, the fullest first", "[data]") {
  std::vector<SampleRecord> samples(4);
  samples[0].bucket = {832, 480, 81};
  for (size_t i = 1; i < 4; ++i) samples[i].bucket = {480, 832, 81};
  CHECK(bucket_table(samples) ==
        "buckets (height x width):\n"
        "       size  frames  height/width    samples    share\n"
        "    480x832      81          0.58          3   75.0 %\n"
        "    832x480      81          1.73          1   25.0 %");
}

}  // namespace
}  // namespace sana::data
