// Clips decoded while training are those that `prepare` would store.
#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include <map>

#include "data/loading/clip_dataset.h"
#include "data/loading/encoding_dataset.h"
#include "media/unusable.h"
#include "support/data_fixtures.h"

namespace sana::data {
namespace {

ClipDatasetConfig config_of(const PrepareConfig& prepared) {
  ClipDatasetConfig config;
  config.source = prepared.source;
  config.clips = prepared;
  return config;
}

std::shared_ptr<ClipDataset> open_clips(const PrepareConfig& config) {
  const auto progress = make_silent_progress();
  return std::make_shared<ClipDataset>(config_of(config), *progress);
}

// Every sample of `clips` has the numbers of the prepared sample of its id.
void check_same_samples(const Dataset& clips, const Dataset& prepared) {
  REQUIRE(clips.size() == prepared.size());
  std::map<std::string, int64_t> by_id;
  for (int64_t i = 0; i < prepared.size(); ++i) by_id[prepared.info(i).id] = i;
  for (int64_t i = 0; i < clips.size(); ++i) {
    INFO(clips.info(i).id);
    const int64_t other = by_id.at(clips.info(i).id);
    CHECK(clips.info(i).bucket == prepared.info(other).bucket);
    CHECK(clips.info(i).caption == prepared.info(other).caption);
    const Batch a = clips.read({i}), b = prepared.read({other});
    CHECK(at::equal(a.data, b.data));
    if (a.text.defined()) CHECK(at::equal(a.text, b.text));
    CHECK(stack_samples(clips, {i}, {clips.like(i)}).data.sizes() == a.data.sizes());
  }
}

TEST_CASE("decoding while training gives the samples of prepare, over all the example clips",
          "[data]") {
  const TempFolder folder;
  auto config = test_config(example("clips"), folder / "out", "pixels");
  config.frames = 9;
  config.shorter_frames = {5};
  config.clips_per_video = 2;
  config.buckets.sizes = {"32x48", "48x32"};
  run_prepare(config);
  check_same_samples(*open_clips(config), PreparedDataset(folder / "out"));
}

TEST_CASE("parts of a video, slow videos and images are the same, too", "[data]") {
  const TempFolder folder;
  write_numbered_clip(folder / "in/a.avi", 60, 30);
  write_numbered_clip(folder / "in/slow.avi", 20, 7);
  fs::copy(example("clips/geese_on_pond.mp4"), folder / "in/geese.mp4");
  cv::imwrite((folder / "in/image.png").string(), numbered_frame(37));
  write_text(folder / "in/list.jsonl",
             R"({"path": "a.avi", "id": "shot", "caption": "x", "start_s": 0.4, "end_s": 1.5}
{"path": "geese.mp4", "caption": "y", "start_s": 0.5, "end_s": 1.4, "crop": [16, 8, 64, 40]}
{"path": "slow.avi", "caption": "z"}
{"path": "image.png", "caption": "w"}
)");
  auto config = test_config(folder / "in/list.jsonl", folder / "out", "pixels");
  run_prepare(config);
  const auto clips = open_clips(config);
  CHECK(clips->size() == 4);
  check_same_samples(*clips, PreparedDataset(folder / "out"));
}

TEST_CASE("encoding while training gives the latents of prepare", "[data]") {
  const TempFolder folder;
  write_captioned_clip(folder / "in", "a");
  write_captioned_clip(folder / "in", "b", 12, 40);
  const Encoders encoders = test_encoders();
  const auto config = test_config(folder / "in", folder / "out", "latents");
  run_prepare(config, &encoders);
  const PreparedDataset prepared(folder / "out");
  const EncodingDataset encoded(open_clips(config), encoders);
  check_same_samples(encoded, prepared);
  CHECK(at::equal(encoded.null_text(), prepared.null_text()));
  CHECK(at::equal(encoded.null_text_mask(), prepared.null_text_mask()));
  CHECK(encoded.vae_identity() == prepared.vae_identity());
}

TEST_CASE("what gives no clip is accounted for; damage that shows later is found on reading",
          "[data]") {
  const TempFolder folder;
  write_captioned_clip(folder / "in", "good");
  write_captioned_clip(folder / "in", "short", 2);
  write_captioned_clip(folder / "in", "silent");
  write_text(folder / "in/silent.txt", "");
  write_text(folder / "in/empty.mp4", "");
  write_text(folder / "in/empty.txt", "empty");
  auto config = test_config(folder / "in", folder / "out", "pixels");
  const auto clips = open_clips(config);
  CHECK(clips->size() == 1);
  CHECK(clips->num_listed() == 4);
  std::map<std::string, std::string> reasons;
  for (const UnusedClip& clip : clips->unused().clips()) reasons[clip.id] = clip.reason;
  CHECK(reasons.at("short.avi") == "too short");
  CHECK(reasons.at("silent.avi") == "caption missing");
  CHECK(reasons.at("empty.mp4") == "zero bytes");

  // A VAE needs no words.
  auto wordless = config_of(config);
  wordless.needs_captions = false;
  const auto progress = make_silent_progress();
  CHECK(ClipDataset(wordless, *progress).size() == 2);

  write_text(folder / "in/good.avi", read_all(folder / "in/good.avi").substr(0, 9000));
  CHECK_THROWS_AS(clips->sample(0), UnusableClip);
  fs::remove(folder / "in/good.avi");
  CHECK_THROWS_AS(clips->sample(0), UnusableClip);
  fs::remove_all(folder / "in");
  write_captioned_clip(folder / "in", "short", 2);
  CHECK(contains(error_of([&] { open_clips(config); }), "too short"));
}

TEST_CASE("the fingerprint follows what determines the samples", "[data]") {
  const TempFolder folder;
  write_captioned_clip(folder / "in", "a");
  auto config = test_config(folder / "in", folder / "out", "pixels");
  const std::string first = open_clips(config)->fingerprint();
  CHECK(open_clips(config)->fingerprint() == first);
  config.fps = 8;
  CHECK(open_clips(config)->fingerprint() != first);
  config.fps = 16;
  write_text(folder / "in/a.txt", "another caption");
  CHECK(open_clips(config)->fingerprint() != first);
}

}  // namespace
}  // namespace sana::data
#endif
