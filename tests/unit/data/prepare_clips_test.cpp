// Clips, images and shards to prepared data sets.
#include "core/build_config.h"
#if SANA_HAS_VIDEO_IO
#include "data/prepared/prepare.h"
#include "support/data_fixtures.h"
#include "support/pack.h"

namespace sana::data {
namespace {

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

}  // namespace
}  // namespace sana::data
#endif
