#include "data/prepared/prepare.h"

#include "core/hash.h"
#include "support/data_fixtures.h"

namespace sana::data {
namespace {

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
  CHECK(latents.damaged_files().empty());
  const auto dataset = read_dataset_file(folder / "out");
  CHECK(dataset.shards.at(0).index_hash == sana::hash_file(folder / "out/shard-00000.index.json"));
  CHECK(dataset.geometry.value().latent_channels == 3);
}

TEST_CASE("images or videos alone are prepared when asked for", "[data]") {
  const TempFolder folder;
  pixels_source(folder);
  const Encoders encoders = test_encoders();
  auto config = test_config(folder / "pixels", folder / "out", "latents");
  config.only = "images";
  CHECK(run_prepare(config, &encoders).samples == 1);
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

}  // namespace
}  // namespace sana::data
