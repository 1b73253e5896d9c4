#include "data/prepared/prepared_dataset.h"

#include "support/data_fixtures.h"

namespace sana::data {
namespace {

// Flips bits of one byte of a file.
void damage(const fs::path& file, uintmax_t offset) {
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekg(static_cast<std::streamoff>(offset));
  const char byte = static_cast<char>(stream.get() ^ 0x55);
  stream.seekp(static_cast<std::streamoff>(offset));
  stream.put(byte);
}

TEST_CASE("a batch of pixels is [B, 3, F, H, W] of the samples asked for", "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder.path(), {{16, 24, 5}, {16, 24, 5}, {8, 8, 1}});
  const PreparedDataset dataset(folder.path());
  CHECK(dataset.kind() == Kind::kPixels);
  CHECK(dataset.size() == 3);
  CHECK(dataset.fps() == 16);
  CHECK(dataset.info(1).caption == "caption 1");
  CHECK(dataset.info(2).bucket == ClipSize{8, 8, 1});
  const Batch batch = dataset.read({1, 0});
  REQUIRE(batch.data.sizes() == at::IntArrayRef({2, 3, 5, 16, 24}));
  CHECK(batch.data.scalar_type() == at::kByte);
  CHECK(batch.ids == std::vector<std::string>{"clip1.mp4", "clip0.mp4"});
  CHECK(batch.data[0].equal(test_pixels(5, 16, 24, 1).permute({3, 0, 1, 2})));
  CHECK(batch.data[1].equal(test_pixels(5, 16, 24, 0).permute({3, 0, 1, 2})));
  CHECK_FALSE(batch.text.defined());
}

TEST_CASE("shards stay below the size asked for", "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder.path(), std::vector<ClipSize>(5, {16, 24, 5}), 2 * 5 * 16 * 24 * 3);
  CHECK(fs::exists(folder / "shard-00002.h5"));
  CHECK_FALSE(fs::exists(folder / "shard-00003.h5"));
  const PreparedDataset dataset(folder.path());
  for (int64_t i = 0; i < 5; ++i) {
    CHECK(dataset.read({i}).data[0].equal(test_pixels(5, 16, 24, i).permute({3, 0, 1, 2})));
  }
}

TEST_CASE("samples read the same from memory and from disk", "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder.path(), {{16, 24, 5}});
  const PreparedDataset cached(folder.path()), uncached(folder.path(), /*cache_bytes=*/0);
  const at::Tensor first = cached.read({0}).data;
  CHECK(first.equal(cached.read({0}).data));
  CHECK(first.equal(uncached.read({0}).data));
}

TEST_CASE("one wrong bit in a shard is found by the checksum and the shard is named", "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder / "pixels", {{16, 24, 5}});
  const Encoders encoders = test_encoders();
  run_prepare(test_config(folder / "pixels", folder / "out", "latents"), &encoders);
  const auto shard = folder / "out/shard-00000.h5";
  const at::Tensor latents = PreparedDataset(folder / "out").read({0}).data.contiguous();
  // Latents are not compressed, so their bytes stand in the file as they are.
  const std::string bytes(static_cast<const char*>(latents.data_ptr()), latents.nbytes());
  const auto offset = read_all(shard).find(bytes);
  REQUIRE(offset != std::string::npos);
  damage(shard, offset + 3);
  const PreparedDataset dataset(folder / "out");
  const auto message = error_of([&] { dataset.read({0}); });
  CHECK(contains(message, "clip0.mp4"));
  CHECK(contains(message, "checksum"));
  CHECK(contains(message, "shard-00000.h5"));
  CHECK(contains(message, "prepare the data set again"));
}

TEST_CASE("a shard whose compressed data are damaged cannot be read as if it were whole",
          "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder.path(), {{16, 24, 5}});
  const auto shard = folder / "shard-00000.h5";
  const auto size = fs::file_size(shard);
  for (uintmax_t offset = 200; offset < size; ++offset) damage(shard, offset);
  const PreparedDataset dataset(folder.path());
  const auto message = error_of([&] { dataset.read({0}); });
  CHECK(contains(message, "damaged"));
  CHECK(contains(message, "shard-00000.h5"));
}

TEST_CASE("a truncated or missing shard is found when the data set is opened", "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder.path(), {{16, 24, 5}});
  const auto shard = folder / "shard-00000.h5";
  fs::resize_file(shard, fs::file_size(shard) / 2);
  auto message = error_of([&] { PreparedDataset dataset(folder.path()); });
  CHECK(contains(message, "shard-00000.h5"));
  CHECK(contains(message, "damaged"));
  fs::remove(shard);
  message = error_of([&] { PreparedDataset dataset(folder.path()); });
  CHECK(contains(message, "missing"));
}

TEST_CASE("an unfinished data set is refused and the way to continue is named", "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder.path(), {{16, 24, 5}});
  fs::remove(folder / "dataset.json");
  CHECK(contains(error_of([&] { PreparedDataset dataset(folder.path()); }),
                 "not a prepared data set"));
  fs::create_directories(folder / "work");
  const auto message = error_of([&] { PreparedDataset dataset(folder.path()); });
  CHECK(contains(message, "unfinished"));
  CHECK(contains(message, "same command again"));
  CHECK(contains(error_of([&] { PreparedDataset dataset(folder / "none"); }), "no such"));
}

TEST_CASE("an edited dataset.json or another format version is refused", "[data]") {
  const TempFolder folder;
  make_pixels_dataset(folder.path(), {{16, 24, 5}});
  const auto file = folder / "dataset.json";
  auto json = nlohmann::json::parse(read_all(file));
  json["samples"][0]["caption"] = "another";
  write_text(file, json.dump());
  CHECK(contains(error_of([&] { PreparedDataset dataset(folder.path()); }), "edited"));
  json["format_version"] = 99;
  write_text(file, json.dump());
  CHECK(contains(error_of([&] { PreparedDataset dataset(folder.path()); }), "version 99"));
  for (const char* key : {"format", "format_version"}) {
    auto wrong = json;
    wrong[key] = nlohmann::json::array();
    write_text(file, wrong.dump());
    const auto message = error_of([&] { PreparedDataset dataset(folder.path()); });
    CHECK(contains(message, "dataset.json"));
    CHECK(contains(message, "prepare the data set again"));
  }
  write_text(file, json.dump());
  write_text(file, read_all(file).substr(0, 100));
  CHECK(contains(error_of([&] { PreparedDataset dataset(folder.path()); }), "dataset.json"));
  json["format_version"] = 1;
  json.erase("shards");
  write_text(file, json.dump());
  CHECK(contains(error_of([&] { PreparedDataset dataset(folder.path()); }), "damaged"));
}

}  // namespace
}  // namespace sana::data
