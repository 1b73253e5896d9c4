// Where weights come from and where they go: init.from, freezing, inference files, export.
#include <ATen/ATen.h>

#include "checkpoints/checkpoint.h"
#include "checkpoints/convert/convert.h"
#include "checkpoints/wan_vae_file.h"
#include "model/vae/wan_vae.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_directory.h"
#include "train/export.h"
#include "unit/train/tiny_run.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using sana_test::TemporaryDirectory;
using train::TrainConfig;

TEST_CASE("a video model starts with image weights that lack the temporal convolution", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  sana_test::run(config);
  TensorMap weights = load_safetensors(sana_test::checkpoint_of(config, 3) / "ema.safetensors");
  const TensorMap all = weights;
  std::erase_if(weights,
                [](const auto& item) { return item.first.find("conv_temp") != std::string::npos; });
  REQUIRE(weights.size() < all.size());
  save_safetensors(folder / "image.safetensors", weights);

  TrainConfig video = config;
  video.run.dir += "-video";
  video.init.from = (folder / "image.safetensors").string();
  const std::string message = sana_test::message_of<UserError>([&] { sana_test::run(video); });
  CHECK(sana_test::contains(message, "conv_temp"));
  CHECK(sana_test::contains(message, "image.safetensors"));

  video.init.allow_missing = {"conv_temp"};
  sana_test::run(video);
  const TensorMap start =
      load_safetensors(sana_test::checkpoint_of(video, 0) / "model.safetensors");
  for (const auto& [name, tensor] : start) {
    INFO(name);
    if (weights.count(name) != 0) CHECK(at::equal(tensor, weights.at(name)));
    if (weights.count(name) == 0) CHECK(tensor.abs().max().item<float>() == 0.0f);
  }

  fs::remove(folder / "image.safetensors");  // a resumed run has no use for it
  video.train.steps = 4;
  CHECK(sana_test::run(video) == ExitCode::kOk);
}

TEST_CASE("a training starts with the same weights in any layout", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  sana_test::run(config);
  const fs::path trained = sana_test::checkpoint_of(config, 3);
  const auto convert = [&](const std::string& name, checkpoints::CheckpointFormat format) {
    checkpoints::ConvertOptions options;
    options.source = trained;
    options.target = folder / name;
    options.format = format;
    checkpoints::convert_checkpoint(options);
    return folder / name;
  };
  const TensorMap expected = load_safetensors(trained / "ema.safetensors");
  int count = 0;
  for (const fs::path& from : {fs::path(config.run.dir), trained, trained / "ema.safetensors",
                               convert("public", checkpoints::CheckpointFormat::kDiffusers),
                               convert("original.pth", checkpoints::CheckpointFormat::kOriginal)}) {
    INFO(from);
    TrainConfig second = config;
    second.init.from = from.string();
    second.run.dir = (folder / ("second-" + std::to_string(count++))).string();
    second.train.steps = 0;
    REQUIRE(sana_test::run(second) == ExitCode::kOk);
    const TensorMap start =
        load_safetensors(sana_test::checkpoint_of(second, 0) / "model.safetensors");
    for (const auto& [name, tensor] : expected) CHECK(at::equal(tensor, start.at(name)));
  }
}

TEST_CASE("frozen parameters do not move", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.train.freeze = {"conv_temp", "caption_"};
  config.optimizer.weight_decay = 0.5;
  SECTION("float32") {}
  SECTION("bfloat16") { config.precision = "bfloat16"; }
  sana_test::run(config);
  const TensorMap before =
      load_safetensors(sana_test::checkpoint_of(config, 0) / "model.safetensors");
  const TensorMap after =
      load_safetensors(sana_test::checkpoint_of(config, 3) / "model.safetensors");
  for (const auto& [name, tensor] : before) {
    const bool frozen =
        sana_test::contains(name, "conv_temp") || sana_test::contains(name, "caption_");
    INFO(name);
    if (frozen) CHECK(at::equal(tensor, after.at(name)));
    if (sana_test::contains(name, "patch_embedding"))
      CHECK_FALSE(at::equal(tensor, after.at(name)));
  }
  config.train.freeze = {"no_such_name"};
  config.run.dir += "-2";
  CHECK(sana_test::contains(sana_test::message_of<UserError>([&] { sana_test::run(config); }),
                            "no_such_name"));
}

TEST_CASE("what is not frozen trains, recomputed or not, to the same weights", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  // Nothing that the first block is given requires a gradient then.
  config.train.freeze = {"patch_embedding", "time_embed", "caption_"};
  std::vector<TensorMap> trained;
  for (const bool recomputed : {false, true}) {
    config.run.dir = (folder / (recomputed ? "recomputed" : "kept")).string();
    config.train.gradient_checkpointing = recomputed;
    REQUIRE(sana_test::run(config) == ExitCode::kOk);
    trained.push_back(load_safetensors(sana_test::checkpoint_of(config, 3) / "model.safetensors"));
  }
  const TensorMap start =
      load_safetensors(sana_test::checkpoint_of(config, 0) / "model.safetensors");
  for (const auto& [name, tensor] : trained[0]) {
    INFO(name);
    CHECK(at::allclose(tensor, trained[1].at(name), 1e-5, 1e-6));
    if (sana_test::contains(name, "attn1.to_q.weight")) {
      CHECK_FALSE(at::equal(trained[1].at(name), start.at(name)));
    }
  }
}

TEST_CASE("a VAE checkpoint is a VAE folder with the statistics of its latents", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pixels(folder / "pixels", {});
  TrainConfig config = sana_test::tiny_vae_config(folder.path());
  sana_test::run(config);
  const fs::path step = sana_test::checkpoint_of(config, 3);
  const model::WanVae vae = checkpoints::load_wan_vae(step);
  REQUIRE(vae->config().latents_mean.size() == 4);
  for (double deviation : vae->config().latents_std) CHECK(deviation > 0.0);
  const TensorMap average = load_safetensors(step / "ema.safetensors");
  const TensorMap shipped = load_safetensors(step / "vae.safetensors");
  for (const auto& [name, tensor] : average) CHECK(at::equal(tensor, shipped.at(name)));

  train::export_checkpoint(step, folder / "vae", at::kBFloat16);
  CHECK(load_safetensors(folder / "vae" / "vae.safetensors").begin()->second.scalar_type() ==
        at::kBFloat16);
  CHECK_FALSE(fs::exists(folder / "vae" / "optimizer.safetensors"));
  CHECK(model::vae_identity(checkpoints::load_wan_vae(folder / "vae")) == model::vae_identity(vae));
}

TEST_CASE("a DiT checkpoint and its export open for sampling", "[train]") {
  const TemporaryDirectory folder;
  // The latents name the VAE that made them, so it is made first.
  sana_test::write_tiny_pixels(folder / "pixels", {});
  TrainConfig vae = sana_test::tiny_vae_config(folder.path());
  vae.run.dir += "-vae";
  sana_test::run(vae);
  const fs::path vae_folder = sana_test::checkpoint_of(vae, 3);
  sana_test::TinyData data;
  data.vae_identity = model::vae_identity(checkpoints::load_wan_vae(vae_folder));
  sana_test::write_tiny_latents(folder / "latents", data);
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.vae_checkpoint = vae_folder.string();
  sana_test::run(config);

  const fs::path step = sana_test::checkpoint_of(config, 3);
  const checkpoints::Checkpoint opened = checkpoints::open_checkpoint(step);
  CHECK(opened.transformer.layout.weights.filename() == "ema.safetensors");
  CHECK(opened.pipeline.vae_identity == data.vae_identity);
  REQUIRE(opened.pipeline.buckets.size() == 1);
  CHECK(opened.pipeline.buckets[0].frames == 5);
  CHECK(opened.pipeline.buckets[0].width == 48);

  train::export_checkpoint(step, folder / "small", at::kBFloat16);
  const checkpoints::Checkpoint small = checkpoints::open_checkpoint(folder / "small");
  CHECK(small.transformer.layout.weights.filename() == "model.safetensors");
  CHECK(small.vae.load(at::kCPU, at::kFloat)->identity() == data.vae_identity);
  const TensorMap average = load_safetensors(step / "ema.safetensors");
  for (const auto& [name, tensor] : load_safetensors(small.transformer.layout.weights)) {
    CHECK(at::equal(tensor, average.at(name).to(at::kBFloat16)));
  }
  CHECK_FALSE(fs::exists(folder / "small" / "optimizer.safetensors"));
  sana_test::message_of<UserError>(
      [&] { train::export_checkpoint(step, folder / "small", at::kFloat); });
}

TEST_CASE("latents of another VAE are refused", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pixels(folder / "pixels", {});
  TrainConfig vae = sana_test::tiny_vae_config(folder.path());
  vae.run.dir += "-vae";
  sana_test::run(vae);
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.vae_checkpoint = sana_test::checkpoint_of(vae, 3).string();
  const std::string message = sana_test::message_of<UserError>([&] { sana_test::run(config); });
  CHECK(sana_test::contains(message, "vae_checkpoint"));
  CHECK(sana_test::contains(message, "prepare"));
}

}  // namespace
