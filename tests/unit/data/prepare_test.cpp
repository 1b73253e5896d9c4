#include "data/prepared/prepare.h"

#include <csignal>
#include <stdexcept>

#include "core/hash.h"
#include "core/signals.h"
#include "support/data_fixtures.h"
#include "support/pack.h"

namespace sana::data {
namespace {

struct Killed {};

PreparedDataset pixels_source(const TempFolder& folder) {
  make_pixels_dataset(folder / "pixels", {{16, 24, 5}, {16, 24, 5}, {16, 24, 5}, {16, 16, 1}});
  return PreparedDataset(folder / "pixels");
}

TEST_CASE("a prepared data set of pixels is encoded into latents with text features", "[data]") {
  const TempFolder folder;
  const PreparedDataset pixels = pixels_source(folder);
  const Encoders encoders = test_encoders();
  const auto result =
      run_prepare(test_config(folder / "pixels", folder / "out", "latents"), &encoders);
  CHECK(result.samples == 4);
  const PreparedDataset latents(folder / "out");
  CHECK(latents.fingerprint() == result.fingerprint);
  CHECK(latents.kind() == Kind::kLatents);
  CHECK(latents.vae_identity() == "test vae");
  CHECK(latents.text_encoder_identity() == "test text");
  const Batch batch = latents.read({2});
  const at::Tensor video = pixels.read({2}).data.to(at::kFloat) / 127.5 - 1;
  CHECK(at::allclose(batch.data, encoders.latents(video), 1e-6, 1e-6));
  CHECK(batch.text.sizes() == at::IntArrayRef({1, 4, 6}));
  CHECK(batch.text[0][0][0].item<float>() == 9);  // length of "caption 2"
  CHECK(batch.text_mask.scalar_type() == at::kLong);
  CHECK(latents.null_text().eq(-1).all().item<bool>());
  CHECK(latents.null_text_mask().sizes() == at::IntArrayRef({1, 4}));
}

TEST_CASE("images or videos alone are prepared when asked for", "[data]") {
  const TempFolder folder;
  pixels_source(folder);
  const Encoders encoders = test_encoders();
  auto config = test_config(folder / "pixels", folder / "out", "latents");
  config.only = "images";
  CHECK(run_prepare(config, &encoders).samples == 1);
}

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
  encoders.latents = [](const at::Tensor& video) {
    // 160 latent channels: about a third of a shard for each sample.
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
    for (const char* shard : {"shard-00000.h5", "shard-00001.h5"}) {
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

TEST_CASE("a finished data set is up to date; another encoder or setting is refused", "[data]") {
  const TempFolder folder;
  pixels_source(folder);
  const auto config = test_config(folder / "pixels", folder / "out", "latents");
  int64_t calls = 0;
  Encoders encoders = test_encoders(&calls);
  const auto first = run_prepare(config, &encoders);
  CHECK(run_prepare(config, &encoders).fingerprint == first.fingerprint);
  CHECK(calls == 4);

  encoders.vae_identity = "another vae";
  auto message = error_of([&] { run_prepare(config, &encoders); });
  CHECK(contains(message, "\"test vae\""));
  CHECK(contains(message, "\"another vae\""));
  CHECK(contains(message, "delete this folder"));
  encoders.vae_identity = "test vae";

  fs::remove_all(folder / "pixels");
  make_pixels_dataset(folder / "pixels", {{16, 24, 5}});
  message = error_of([&] { run_prepare(config, &encoders); });
  CHECK(contains(message, "source (files or captions)"));
}

TEST_CASE("sizes that the VAE's stride does not divide are refused", "[data]") {
  const TempFolder folder;
  pixels_source(folder);
  Encoders encoders = test_encoders();
  encoders.geometry.stride_h = encoders.geometry.stride_w = 32;
  const auto message = error_of(
      [&] { run_prepare(test_config(folder / "pixels", folder / "out", "latents"), &encoders); });
  CHECK(contains(message, "clip0.mp4: it is 16x24"));
  CHECK(contains(message, "multiples of 32"));
}

TEST_CASE("latents that are not finite are an error that names the clip", "[data]") {
  const TempFolder folder;
  pixels_source(folder);
  Encoders encoders = test_encoders();
  const auto encode = encoders.latents;
  encoders.latents = [&](const at::Tensor& video) { return encode(video).div(0.0); };
  const auto message = error_of(
      [&] { run_prepare(test_config(folder / "pixels", folder / "out", "latents"), &encoders); });
  CHECK(contains(message, "clip0.mp4"));
  CHECK(contains(message, "not finite"));
}

TEST_CASE("a number of frames that the VAE does not take stops prepare before a clip is read",
          "[data]") {
  const TempFolder folder;  // where no clip is, so that reading one would be another error
  Encoders encoders = test_encoders();
  encoders.vae_name = "LTX-2 VAE";
  encoders.geometry = {8, 32, 32, 3, true};
  auto config = test_config(folder / "clips", folder / "out", "latents");
  config.frames = 16;
  const auto message = error_of([&] { run_prepare(config, &encoders); });
  CHECK(contains(message, "frames: must be 8k+1 for the LTX-2 VAE"));
  CHECK(contains(message, "got 16; nearest are 9 and 17"));
  config.frames = 17;
  config.shorter_frames = {13};
  CHECK(
      contains(error_of([&] { run_prepare(config, &encoders); }), "shorter_frames: must be 8k+1"));
  config.shorter_frames = {9};
  config.buckets.sizes = {"64x48"};
  CHECK(contains(error_of([&] { run_prepare(config, &encoders); }), "multiples of 32"));
  CHECK_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("pixels of a length that the VAE does not take are refused by the clip's name",
          "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder / "pixels", {{16, 24, 5}, {16, 24, 6}});
  const Encoders encoders = test_encoders();
  const auto config = test_config(folder / "pixels", folder / "out", "latents");
  const auto message = error_of([&] { run_prepare(config, &encoders); });
  CHECK(contains(message, "clip1.mp4"));
  CHECK(contains(message, "nearest are 5 and 9"));
}

TEST_CASE("a VAE without a lone first frame takes 4k frames, and pictures", "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder / "pixels", {{16, 24, 8}, {16, 16, 1}});
  Encoders encoders = test_encoders();
  encoders.geometry = {4, 8, 8, 3, false};
  const auto config = test_config(folder / "pixels", folder / "out", "latents");
  CHECK(run_prepare(config, &encoders).samples == 2);
  const PreparedDataset latents(folder / "out");
  CHECK(latents.read({0}).data.size(2) == 2);
  CHECK(latents.read({1}).data.size(2) == 1);
  // Latents of another shape than the geometry says are a fault of the VAE.
  encoders.geometry.stride_t = 2;
  auto other = config;
  other.output = (folder / "other").string();
  CHECK(contains(error_of([&] { run_prepare(other, &encoders); }), "prepare: latents"));
}

TEST_CASE("an output that cannot be written is an error of the environment", "[data]") {
  const TempFolder folder;
  pixels_source(folder);
  write_text(folder / "file", "in the way");
  const Encoders encoders = test_encoders();
  const auto config = test_config(folder / "pixels", folder / "file/out", "latents");
  CHECK_THROWS_AS(run_prepare(config, &encoders), EnvironmentError);
  CHECK(contains(error_of([&] { run_prepare(config, &encoders); }), (folder / "file").string()));
}

TEST_CASE("latents cannot be prepared from latents", "[data]") {
  const TempFolder folder;
  pixels_source(folder);
  const Encoders encoders = test_encoders();
  run_prepare(test_config(folder / "pixels", folder / "out", "latents"), &encoders);
  const auto config = test_config(folder / "out", folder / "again", "latents");
  CHECK(contains(error_of([&] { run_prepare(config, &encoders); }), "data set of latents"));
}

#if SANA_HAS_VIDEO_IO
std::vector<nlohmann::json> unused_of(const fs::path& output) {
  std::vector<nlohmann::json> lines;
  std::ifstream file(output / "unused_clips.jsonl");
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

TEST_CASE("a folder of clips and images becomes a data set of pixels", "[data]") {
  const TempFolder folder;
  write_captioned_clip(folder / "in", "b", 12, 100);
  write_captioned_clip(folder / "in", "a", 12, 50);
  cv::imwrite((folder / "in/c.png").string(), numbered_frame(7));
  write_text(folder / "in/c.txt", "bars");
  const auto result = run_prepare(test_config(folder / "in", folder / "out", "pixels"));
  CHECK(result.samples == 3);
  CHECK(result.unused == 0);
  const PreparedDataset dataset(folder / "out");
  CHECK(dataset.info(0).id == "a.avi");
  CHECK(dataset.info(0).caption == "a caption of a");
  CHECK(dataset.info(2).bucket == ClipSize{64, 128, 1});
  const at::Tensor clip = dataset.read({1}).data[0].permute({1, 2, 3, 0});
  // The middle 5 of 12 frames begin at the fourth.
  for (int64_t f = 0; f < 5; ++f) CHECK(frame_number(clip[f]) == 103 + f);
}

TEST_CASE("the weights of a list reach the samples and their fingerprint", "[data]") {
  const TempFolder folder;
  write_captioned_clip(folder / "in", "a");
  write_captioned_clip(folder / "in", "b", 12, 30);
  const auto prepare_with = [&](const std::string& weight, const std::string& name) {
    write_text(folder / "in/list.jsonl",
               R"({"path": "a.avi", "caption": "a"})"
               "\n" +
                   fmt::format(R"({{"path": "b.avi", "caption": "b"{}}})", weight));
    run_prepare(test_config(folder / "in/list.jsonl", folder / name, "pixels"));
    return std::make_unique<PreparedDataset>(folder / name);
  };
  const auto plain = prepare_with("", "plain");
  const auto weighted = prepare_with(R"(, "weight": 2.5)", "weighted");
  CHECK(weighted->info(0).weight == 1);
  CHECK(weighted->info(1).weight == 2.5);
  CHECK(weighted->fingerprint() != plain->fingerprint());
  CHECK_FALSE(contains(read_all(folder / "plain/dataset.json"), "weight"));
  // Latents made of these pixels keep them.
  const Encoders encoders = test_encoders();
  run_prepare(test_config(folder / "weighted", folder / "latents", "latents"), &encoders);
  CHECK(PreparedDataset(folder / "latents").info(1).weight == 2.5);
}

TEST_CASE("several clips of one video have numbered ids", "[data]") {
  const TempFolder folder;
  write_captioned_clip(folder / "in", "a", 16);
  auto config = test_config(folder / "in", folder / "out", "pixels");
  config.clips_per_video = 2;
  CHECK(run_prepare(config).samples == 2);
  CHECK(PreparedDataset(folder / "out").info(1).id == "a.avi#1");
}

TEST_CASE("every unused clip is listed with reason and remedy", "[data]") {
  const TempFolder folder;
  write_captioned_clip(folder / "in", "good");
  write_captioned_clip(folder / "in", "short", 3);
  write_numbered_clip(folder / "in/silent.avi", 12, 16);
  write_text(folder / "in/empty.mp4", "");
  write_text(folder / "in/empty.txt", "zero bytes");
  const auto result = run_prepare(test_config(folder / "in", folder / "out", "pixels"));
  CHECK(result.listed == 4);
  CHECK(result.unused == 3);
  CHECK(result.samples == 1);
  const auto unused = unused_of(folder / "out");
  REQUIRE(unused.size() == 3);
  CHECK(unused[0]["id"] == "empty.mp4");
  CHECK(unused[0]["reason"] == "zero bytes");
  CHECK(unused[1]["reason"] == "too short");
  CHECK(unused[2]["reason"] == "caption missing");
  for (const auto& clip : unused) CHECK_FALSE(clip["remedy"].get<std::string>().empty());
}

TEST_CASE("no usable clip is an error that gives the reasons, and a mended source may follow",
          "[data]") {
  const TempFolder folder;
  write_numbered_clip(folder / "in/a.avi", 12, 16);
  const auto config = test_config(folder / "in", folder / "out", "pixels");
  const auto message = error_of([&] { run_prepare(config); });
  CHECK(contains(message, "no clip is usable"));
  CHECK(contains(message, "caption missing"));
  CHECK(unused_of(folder / "out").size() == 1);
  write_text(folder / "in/a.txt", "now with words");
  CHECK(run_prepare(config).samples == 1);
  CHECK(unused_of(folder / "out").empty());
}

TEST_CASE("a changed caption or setting makes a finished data set stale", "[data]") {
  const TempFolder folder;
  write_captioned_clip(folder / "in", "a");
  auto config = test_config(folder / "in", folder / "out", "pixels");
  run_prepare(config);
  config.fps = 8;
  CHECK(contains(error_of([&] { run_prepare(config); }), "settings/fps: was 16.0, now 8.0"));
  config.fps = 16;
  write_text(folder / "in/a.txt", "other words");
  CHECK(contains(error_of([&] { run_prepare(config); }), "files or captions"));
}

TEST_CASE("a clip that is listed twice is prepared once and counted as unused once", "[data]") {
  const TempFolder folder;
  write_captioned_clip(folder / "in", "a");
  write_text(folder / "list.jsonl",
             "{\"path\": \"in/a.avi\", \"caption\": \"one\"}\n"
             "{\"path\": \"in/a.avi\", \"caption\": \"two\"}\n");
  const auto result = run_prepare(test_config(folder / "list.jsonl", folder / "out", "pixels"));
  CHECK(result.samples == 1);
  CHECK(result.unused == 1);
  const auto unused = unused_of(folder / "out");
  REQUIRE(unused.size() == 1);
  CHECK(unused[0]["id"] == "in/a.avi (line 2)");
}

#if SANA_HAS_ARCHIVES
// Clips, a picture and captions in each of their places.
void write_mixed_folder(const fs::path& folder) {
  write_captioned_clip(folder, "a", 12, 40);
  write_captioned_clip(folder, "b", 12, 60);
  fs::remove(folder / "b.txt");
  write_text(folder / "b.json", R"({"prompt": "a prompt", "width": 128})");
  cv::imwrite((folder / "c.png").string(), numbered_frame(90));
  write_text(folder / "short.txt", "too short");
  write_numbered_clip(folder / "short.avi", 3, 16);
}

TEST_CASE("a shard gives the samples of the folder that it holds", "[data]") {
  const TempFolder folder;
  write_mixed_folder(folder / "in");
  write_text(folder / "in/_vlm.json", R"({"c": {"vlm": "of the caption file"}})");
  fs::copy_file(folder / "in/_vlm.json", folder / "s_vlm.json");
  pack(folder.path(),
       "import os, tarfile, zipfile\n"
       "names = sorted(n for n in os.listdir(\"in\") if n[0] != \"_\")\n"
       "z = zipfile.ZipFile(\"s.zip\", \"w\")\nt = tarfile.open(\"s.tar\", \"w\")\n"
       "g = tarfile.open(\"s.tgz\", \"w:gz\")\n"
       "for n in names: z.write(\"in/\" + n, n), t.add(\"in/\" + n, n), g.add(\"in/\" + n, n)\n"
       "z.close(), t.close(), g.close()\n");
  const auto prepared = [&](const std::string& source) {
    auto config = test_config(folder / source, folder / ("out-" + source), "pixels");
    config.captions = {"_vlm"};
    return run_prepare(config);
  };
  const auto loose = prepared("in");
  REQUIRE(loose.samples == 3);
  const PreparedDataset expected(folder / "out-in");
  CHECK(expected.info(2).caption == "of the caption file");
  for (const std::string shard : {"s.zip", "s.tar", "s.tgz"}) {
    INFO(shard);
    const auto result = prepared(shard);
    CHECK(result.listed == loose.listed);
    CHECK(result.unused == loose.unused);
    const PreparedDataset dataset(folder / ("out-" + shard));
    REQUIRE(dataset.size() == expected.size());
    for (int64_t i = 0; i < expected.size(); ++i) {
      CHECK(dataset.info(i).id == shard + "/" + expected.info(i).id);
      CHECK(dataset.info(i).caption == expected.info(i).caption);
      CHECK(dataset.info(i).bucket == expected.info(i).bucket);
      CHECK(at::equal(dataset.read({i}).data, expected.read({i}).data));
    }
  }
}

TEST_CASE("a damaged shard is one unusable item, and the rest is prepared", "[data]") {
  const TempFolder folder;
  write_captioned_clip(folder / "in", "loose");
  write_mixed_folder(folder / "packed");
  fs::remove(folder / "packed/c.png");
  pack(folder / "packed",
       "import os, zipfile\nnames = os.listdir(\".\")\n"
       "with zipfile.ZipFile(\"../in/good.zip\", \"w\") as z:\n"
       "  for n in names: z.write(n)\n");
  write_text(folder / "in/sub/bad.zip", "PK\x03\x04 and nothing more");
  const auto result = run_prepare(test_config(folder / "in", folder / "out", "pixels"));
  CHECK(result.samples == 3);
  const auto unused = unused_of(folder / "out");
  REQUIRE(unused.size() == 2);
  CHECK(unused[0]["id"] == "good.zip/short.avi");
  CHECK(unused[1]["id"] == "sub/bad.zip");
  CHECK(unused[1]["reason"] == "damaged shard");
  CHECK(contains(unused[1]["detail"], "bad.zip"));
  CHECK(unused[1]["remedy"] == "copy the shard again");
}
#endif

TEST_CASE("real clips of the examples are prepared, H.264 and JPEG", "[data]") {
  const TempFolder folder;
  fs::create_directories(folder / "in");
  for (const char* name : {"clips/waterfall.mp4", "clips/waterfall.txt", "images/daisy.jpg",
                           "images/_captions.json"}) {
    fs::copy(example(name), folder / "in");
  }
  auto config = test_config(folder / "in", folder / "out", "pixels");
  config.captions = {"_captions"};
  config.frames = 41;
  config.buckets.sizes = {"128x224", "224x128"};
  CHECK(run_prepare(config).samples == 2);
  const PreparedDataset dataset(folder / "out");
  CHECK(dataset.info(0).bucket == ClipSize{128, 224, 1});
  CHECK(dataset.info(1).bucket == ClipSize{224, 128, 41});
  // A daisy on a darker ground: a real picture, not a flat or swapped one.
  const at::Tensor daisy = dataset.read({0}).data.to(at::kFloat);
  CHECK(daisy.std().item<double>() > 20);
}

#endif

}  // namespace
}  // namespace sana::data
