// What a run may be trained on besides one prepared folder: clips that are decoded and encoded
// while training, several data sets with weights, and data sets that are damaged.
#include <ATen/ATen.h>

#include "checkpoints/checkpoint.h"
#include "checkpoints/wan_vae_file.h"
#include "core/build_config.h"
#include "core/config/json.h"
#include "core/files.h"
#include "data/encoding/data_encoders.h"
#include "model/state_dict.h"
#include "support/catch.h"
#include "support/data_fixtures.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "support/tiny_vaes.h"
#include "train/datasets.h"
#include "train/export.h"
#include "unit/train/tiny_run.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using sana_test::contains;
using sana_test::TemporaryDirectory;
using train::TrainConfig;

TEST_CASE("a run goes on without a damaged sample, counts and lists it, and resumes exactly",
          "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {.samples = 6});
  sana_test::damage_first_sample(folder / "latents");
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.data.cache_mib = 0;
  config.data.max_damaged = 0.2;
  config.train.checkpoint_every_steps = 3;
  sana_test::check_resume_is_exact(config);
  TrainConfig whole = config;
  whole.run.dir += "-whole";
  CHECK(sana_test::metrics_of(whole).back().at("damaged_samples") == 1);
  const std::string list = read_text_file(fs::path(whole.run.dir) / "damaged_samples.jsonl");
  CHECK(contains(list, "\"id\":\"clip0\""));
  CHECK(contains(list, "checksum"));

  TrainConfig strict = config;
  strict.run.dir += "-strict";
  strict.train.steps = 6;
  strict.data.max_damaged = 0;
  const std::string message = sana_test::message_of<UserError>([&] { sana_test::run(strict); });
  CHECK(contains(message, "clip0"));
  CHECK(contains(message, "data.max_damaged"));
}

TEST_CASE("several data sets are drawn from by weight", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "a", {.samples = 4, .name = "a"});
  sana_test::write_tiny_latents(folder / "b", {.samples = 2, .name = "b", .seed = 5});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.data.videos.clear();
  config.data.mixture = {{(folder / "a").string(), 0.5}, {(folder / "b").string(), 2}};
  CHECK(train::build_datasets(config, at::kCPU).videos->size() == 6);
  config.train.steps = 3;  // an epoch: two of a, four of b
  REQUIRE(sana_test::run(config) == ExitCode::kOk);
  const auto state =
      nlohmann::json::parse(read_text_file(sana_test::checkpoint_of(config, 3) / "trainer.json"));
  CHECK(state.at("streams").at("videos").at("epoch") == 1);
  CHECK(state.at("streams").at("videos").at("cursor") == 0);

  sana_test::write_tiny_latents(folder / "c", {.name = "c", .vae_identity = "another"});
  config.data.mixture[1].path = (folder / "c").string();
  const std::string message =
      sana_test::message_of<UserError>([&] { train::build_datasets(config, at::kCPU); });
  CHECK(contains(message, "data.mixture.1"));
  CHECK(contains(message, "another"));
}

#if SANA_HAS_VIDEO_IO
void check_same_weights(const TrainConfig& a, const TrainConfig& b, int64_t step) {
  const auto file = "model.safetensors";
  const TensorMap left = load_safetensors(sana_test::checkpoint_of(a, step) / file);
  const TensorMap right = load_safetensors(sana_test::checkpoint_of(b, step) / file);
  REQUIRE(left.size() == right.size());
  for (const auto& [name, tensor] : left) {
    INFO(name);
    CHECK(at::equal(tensor, right.at(name)));
  }
}

TEST_CASE("a VAE trains on clips as it does on prepared pixels", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_captioned_clip(folder / "clips", "a");
  auto prepare = data::test_config(folder / "clips", folder / "pixels", "pixels");
  prepare.buckets.sizes = {"32x48"};
  data::run_prepare(prepare);
  TrainConfig prepared = sana_test::tiny_vae_config(folder.path());
  TrainConfig decoded = prepared;
  decoded.run.dir += "-decoded";
  decoded.data.videos = (folder / "clips").string();
  decoded.data.decode.frames = 5;
  decoded.data.decode.buckets.sizes = {"32x48"};
  REQUIRE(sana_test::run(prepared) == ExitCode::kOk);
  REQUIRE(sana_test::run(decoded) == ExitCode::kOk);
  check_same_weights(prepared, decoded, prepared.train.steps);
}

TEST_CASE("the DiT trains on clips as it does on prepared latents", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_captioned_clip(folder / "clips", "a");
  sana_test::write_captioned_clip(folder / "clips", "short", 2);
  at::manual_seed(1);
  const TrainConfig vae = sana_test::tiny_vae_config(folder.path());
  fs::create_directories(folder / "vae");
  checkpoints::save_wan_vae(folder / "vae", model::WanVae(vae.vae), at::kFloat);

  TrainConfig decoded = sana_test::tiny_dit_config(folder.path());
  decoded.model.text_dim = 384;  // of the real encoder
  decoded.vae_checkpoint = (folder / "vae").string();
  decoded.data.videos = (folder / "clips").string();
  decoded.data.decode.frames = 5;
  decoded.data.decode.buckets.sizes = {"32x48"};
  auto prepare = data::test_config(folder / "clips", folder / "latents", "latents");
  prepare.buckets.sizes = {"32x48"};
  const data::Encoders encoders = data::DataEncoders(checkpoints::find_vae(decoded.vae_checkpoint),
                                                     at::kFloat, decoded.text_encoder, at::kCPU)
                                      .functions();
  data::run_prepare(prepare, &encoders);

  TrainConfig prepared = decoded;
  prepared.run.dir += "-prepared";
  prepared.data.videos = (folder / "latents").string();
  REQUIRE(sana_test::run(decoded) == ExitCode::kOk);
  REQUIRE(sana_test::run(prepared) == ExitCode::kOk);
  check_same_weights(prepared, decoded, prepared.train.steps);
  CHECK(contains(read_text_file(fs::path(decoded.run.dir) / "unused_clips.data.videos.jsonl"),
                 "too short"));

  // Prepared pixels, encoded while training.
  auto pixels = data::test_config(folder / "clips", folder / "pixels", "pixels");
  pixels.buckets.sizes = {"32x48"};
  data::run_prepare(pixels);
  TrainConfig encoded = decoded;
  encoded.run.dir += "-encoded";
  encoded.data.videos = (folder / "pixels").string();
  REQUIRE(sana_test::run(encoded) == ExitCode::kOk);
  check_same_weights(prepared, encoded, prepared.train.steps);

  decoded.data.decode.frames = 6;
  CHECK(
      contains(sana_test::message_of<UserError>([&] { train::build_datasets(decoded, at::kCPU); }),
               "data.decode: frames: must be 4k+1"));
  decoded.vae_checkpoint.clear();
  CHECK(
      contains(sana_test::message_of<UserError>([&] { train::build_datasets(decoded, at::kCPU); }),
               "vae_checkpoint"));
}

TEST_CASE("the DiT trains on latents of any VAE, with previews and checkpoints of its own",
          "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_captioned_clip(folder / "clips", "a");
  at::manual_seed(2);
  const auto vae_config = sana_test::tiny_ltx2_config();
  fs::create_directories(folder / "vae");
  save_safetensors(folder / "vae/diffusion_pytorch_model.safetensors",
                   model::state_dict(*sana_test::random_ltx2_vae(vae_config)));
  auto description = config::to_json(vae_config);
  description["_class_name"] = "AutoencoderKLLTX2Video";
  folder.file("vae/config.json", description.dump());

  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.model.text_dim = 384;  // of the real encoder
  config.vae_checkpoint = (folder / "vae").string();
  config.data.videos = (folder / "clips").string();
  config.data.decode.frames = 5;
  config.data.decode.buckets.sizes = {"32x48"};
  config.train.steps = 1;
  config.preview.every_steps = 1;
  config.preview.prompts = {"a bar"};
  config.preview.sampler.steps = 1;
  REQUIRE(sana_test::run(config) == ExitCode::kOk);
  CHECK(fs::exists(fs::path(config.run.dir) / "previews/step-00000001/00.mp4"));

  const auto identity = [](const fs::path& checkpoint) {
    const auto opened = checkpoints::open_checkpoint(checkpoint);
    CHECK(opened.vae.load(at::kCPU, at::kFloat)->identity() == opened.pipeline.vae_identity);
    return opened.pipeline.vae_identity;
  };
  fs::remove_all(folder / "vae");  // a checkpoint needs nothing beside itself
  const fs::path step = sana_test::checkpoint_of(config, 1);
  CHECK(identity(step).starts_with("ltx2_vae:"));
  train::export_checkpoint(step, folder / "small", at::kBFloat16);
  CHECK(identity(folder / "small") == identity(step));
}
#endif

}  // namespace
