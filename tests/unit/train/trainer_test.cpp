#include <ATen/ATen.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <thread>

#include "checkpoints/manifest.h"
#include "checkpoints/run_folder.h"
#include "core/json_file.h"
#include "core/signals.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/file_size_limit.h"
#include "support/temporary_directory.h"
#include "train/build.h"
#include "train/datasets.h"
#include "unit/train/tiny_run.h"

namespace {
namespace fs = std::filesystem;
using namespace sana;
using sana_test::TemporaryDirectory;
using sana_test::TinyData;
using train::TrainConfig;

// First and last value of a metric.
std::pair<double, double> first_and_last(const TrainConfig& config, const std::string& name) {
  std::vector<double> values;
  for (const auto& line : sana_test::metrics_of(config)) {
    if (line.contains(name)) values.push_back(line.at(name).get<double>());
  }
  REQUIRE(values.size() >= 2);
  return {values.front(), values.back()};
}

TEST_CASE("the DiT learns a batch it sees again and again", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {.samples = 2});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.data.validation = config.data.videos;
  config.optimizer.lr = 5e-3;
  config.data.caption_dropout = 0.0;
  config.train.steps = 150;
  config.train.ema_decay.reset();
  REQUIRE(sana_test::run(config) == ExitCode::kOk);
  const auto [before, after] = first_and_last(config, "val_loss");
  CHECK(after < 0.7 * before);
  const auto lines = sana_test::metrics_of(config);
  CHECK(lines.front().at("val_loss_by_sigma").size() == 4);
  CHECK(lines.at(1).at("loss_by_sigma").size() == 4);
  for (const char* name : {"loss", "grad_norm", "lr", "step_s", "data_s", "tflops", "mem_gib",
                           "clips_per_min", "eta_s", "skipped"}) {
    CHECK(lines.at(1).contains(name));
  }
}

TEST_CASE("a run of no steps measures its initial weights and saves them unchanged", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pixels(folder / "pixels", {.samples = 2});
  TrainConfig config = sana_test::tiny_vae_config(folder.path());
  config.data.validation = config.data.videos;
  REQUIRE(sana_test::run(config) == ExitCode::kOk);
  const fs::path trained = sana_test::checkpoint_of(config, config.train.steps);
  const double psnr = sana_test::metrics_of(config).back().at("val_psnr_db").get<double>();
  config.init.from = trained.string();
  config.run.dir += "-measured";
  config.train.steps = 0;
  REQUIRE(sana_test::run(config) == ExitCode::kOk);
  const auto lines = sana_test::metrics_of(config);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].at("val_psnr_db").get<double>() == sana_test::Approx(psnr).epsilon(1e-6));
  const TensorMap kept =
      load_safetensors(sana_test::checkpoint_of(config, 0) / "model.safetensors");
  const TensorMap start = load_safetensors(trained / "ema.safetensors");
  for (const auto& [name, tensor] : start) CHECK(at::equal(tensor, kept.at(name)));
}

TEST_CASE("what is measured does not depend on the batch size", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pixels(folder / "pixels", {.samples = 3});
  TrainConfig config = sana_test::tiny_vae_config(folder.path());
  config.data.validation = config.data.videos;
  config.train.steps = 0;
  const auto measured = [&](int64_t batch_size) {
    config.data.batch_size = batch_size;
    config.run.dir = (folder / ("run-" + std::to_string(batch_size))).string();
    REQUIRE(sana_test::run(config) == ExitCode::kOk);
    return sana_test::metrics_of(config).at(0).at("val_psnr_db").get<double>();
  };
  CHECK(measured(2) == sana_test::Approx(measured(1)).epsilon(1e-6));
}

TEST_CASE("the VAE learns a batch it sees again and again", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pixels(folder / "pixels", {.samples = 2});
  TrainConfig config = sana_test::tiny_vae_config(folder.path());
  config.data.validation = config.data.videos;
  config.optimizer.lr = 5e-3;
  config.train.steps = 150;
  config.data.crop = {.frames = 0, .height = 0, .width = 0, .flip = false};
  config.train.ema_decay.reset();
  config.preview.every_steps = 150;
  REQUIRE(sana_test::run(config) == ExitCode::kOk);
  const auto [l1_before, l1_after] = first_and_last(config, "val_l1");
  CHECK(l1_after < 0.3 * l1_before);
  const auto [psnr_before, psnr_after] = first_and_last(config, "val_psnr_db");
  CHECK(psnr_after > psnr_before + 2.0);
  CHECK(fs::file_size(fs::path(config.run.dir) / "previews/step-00000150/reconstruction.png") >
        100);
}

TEST_CASE("a resumed DiT run equals an unbroken one bit for bit", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {.samples = 5});
  sana_test::write_tiny_latents(folder / "images",
                                {.samples = 3, .frames = 1, .name = "image", .seed = 2});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.train.checkpoint_every_steps = 3;
  SECTION("plain") {}
  SECTION("with accumulation and joint image steps") {
    config.train.accumulation = 2;
    config.data.images = (folder / "images").string();
    config.data.image_every_steps = 2;
    config.train.gradient_checkpointing = true;
  }
  SECTION("in bfloat16") { config.precision = "bfloat16"; }
  sana_test::check_resume_is_exact(config);
}

TEST_CASE("a run killed while saving goes on from the checkpoint before", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {.samples = 5});
  TrainConfig whole = sana_test::tiny_dit_config(folder.path());
  whole.train.steps = 4;
  TrainConfig killed = whole;
  killed.run.dir += "-killed";
  sana_test::run(whole);
  sana_test::run(killed);
  // What a kill between the first and the second checkpoint leaves: step 0, half of step 4, and
  // metrics that are ahead.
  const fs::path last = sana_test::checkpoint_of(killed, 4);
  fs::path partial = last;
  partial += ".partial";
  fs::rename(last, partial);
  fs::remove(partial / "manifest.json");
  REQUIRE(sana_test::run(killed) == ExitCode::kOk);
  sana_test::check_same_checkpoints(sana_test::checkpoint_of(whole, 4), last);
  CHECK_FALSE(fs::exists(partial));
  std::vector<int64_t> steps;
  for (const auto& line : sana_test::metrics_of(killed)) steps.push_back(line.at("step"));
  CHECK(steps == std::vector<int64_t>{1, 2, 3, 4});
}

TEST_CASE("a dropped caption is replaced by the empty one and its mask", "[train]") {
  const TemporaryDirectory folder;
  const auto weights = [&](double dropout, uint64_t text_seed) {
    const std::string name = fmt::format("{}-{}", dropout, text_seed);
    sana_test::write_tiny_latents(folder / name, {.samples = 1, .text_seed = text_seed});
    TrainConfig config = sana_test::tiny_dit_config(folder.path());
    config.run.dir += name;
    config.data.videos = (folder / name).string();
    config.data.batch_size = 1;
    config.data.caption_dropout = dropout;
    sana_test::run(config);
    return load_safetensors(sana_test::checkpoint_of(config, 3) / "model.safetensors")
        .at("caption_projection.linear_1.weight");
  };
  // With every caption dropped the text of the data cannot matter.
  CHECK(at::equal(weights(1.0, 1), weights(1.0, 2)));
  CHECK_FALSE(at::equal(weights(0.0, 1), weights(0.0, 2)));
}

TEST_CASE("a resumed VAE run equals an unbroken one bit for bit", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pixels(folder / "pixels", {.samples = 3});
  sana_test::write_tiny_pixels(folder / "images",
                               {.samples = 3, .frames = 1, .name = "image", .seed = 2});
  TrainConfig config = sana_test::tiny_vae_config(folder.path());
  config.train.checkpoint_every_steps = 3;
  config.data.images = (folder / "images").string();
  config.data.image_every_steps = 2;
  SECTION("float32") {}
  SECTION("bfloat16") { config.precision = "bfloat16"; }
  sana_test::check_resume_is_exact(config);
}

TEST_CASE("a step whose loss is not finite is skipped and counted", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {.samples = 4, .poisoned = 1});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.train.steps = 4;  // two epochs of two batches: two bad steps
  config.train.checkpoint_every_steps = 1;
  config.train.keep_last = 10;
  REQUIRE(sana_test::run(config) == ExitCode::kOk);
  CHECK(sana_test::metrics_of(config).back().at("skipped") == 2);
  int64_t unchanged = 0;
  for (int64_t step = 1; step <= 4; ++step) {
    const TensorMap before =
        load_safetensors(sana_test::checkpoint_of(config, step - 1) / "model.safetensors");
    const TensorMap after =
        load_safetensors(sana_test::checkpoint_of(config, step) / "model.safetensors");
    bool same = true;
    for (const auto& [name, tensor] : before) same = same && at::equal(tensor, after.at(name));
    for (const auto& [name, tensor] : after) CHECK(tensor.isfinite().all().item<bool>());
    unchanged += same ? 1 : 0;
  }
  CHECK(unchanged == 2);
}

TEST_CASE("too many skipped steps stop the run and name the clips", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {.samples = 2, .poisoned = 1});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.train.max_skipped_steps = 1;
  const std::string message = sana_test::message_of<UserError>([&] { sana_test::run(config); });
  CHECK(sana_test::contains(message, "bad_batch.json"));
  const auto bad = read_json_file(fs::path(config.run.dir) / "bad_batch.json");
  CHECK(bad.at(0).at("step") == 2);
  CHECK(bad.at(0).at("ids").dump().find("clip1") != std::string::npos);
  const std::string loss = bad.at(0).at("loss");
  CHECK_FALSE(std::isfinite(std::stod(loss)));
}

TEST_CASE("old checkpoints go, the last k stay", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.train.steps = 5;
  config.train.checkpoint_every_steps = 1;
  config.train.keep_last = 2;
  sana_test::run(config);
  CHECK(checkpoints::list_checkpoints(config.run.dir) ==
        std::vector<fs::path>{sana_test::checkpoint_of(config, 4),
                              sana_test::checkpoint_of(config, 5)});
  for (const char* name : {"config.yaml", "log.txt", "environment.json", "metrics.jsonl"}) {
    CHECK(fs::exists(fs::path(config.run.dir) / name));
  }
}

TEST_CASE("old checkpoints that a kill left behind go when the finished run is started again",
          "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.train.steps = 3;
  config.train.checkpoint_every_steps = 1;
  config.train.keep_last = 4;
  sana_test::run(config);
  REQUIRE(checkpoints::list_checkpoints(config.run.dir).size() == 4);
  config.train.keep_last = 1;
  sana_test::run(config);
  CHECK(checkpoints::list_checkpoints(config.run.dir) ==
        std::vector<fs::path>{sana_test::checkpoint_of(config, 3)});
}

TEST_CASE("a disk that is full while saving loses nothing that was saved", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  TrainConfig whole = config;
  whole.run.dir += "-whole";
  whole.train.steps = 5;
  whole.train.checkpoint_every_steps = 3;
  sana_test::run(whole);

  sana_test::run(config);
  config.train.steps = 5;
  {
    const sana_test::FileSizeLimit full(50000);
    sana_test::message_of<EnvironmentError>([&] { sana_test::run(config); });
  }
  CHECK(checkpoints::newest_checkpoint(config.run.dir) == sana_test::checkpoint_of(config, 3));
  REQUIRE(sana_test::run(config) == ExitCode::kOk);
  sana_test::check_same_checkpoints(sana_test::checkpoint_of(whole, 5),
                                    sana_test::checkpoint_of(config, 5));
}

TEST_CASE("SIGTERM finishes the step, saves it, and the run goes on from there", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.data.validation = (folder / "latents").string();
  config.train.steps = 100000;
  config.train.checkpoint_every_steps = 100000;
  // Most of the time goes into measuring, which is cut short, too.
  config.train.validate_every_steps = 1;
  config.train.validation_batches = 1000;
  install_stop_handlers();
  std::jthread user([&] {
    while (!fs::exists(fs::path(config.run.dir) / "metrics.jsonl")) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    ::kill(::getpid(), SIGTERM);
  });
  CHECK(sana_test::run(config) == ExitCode::kTerminated);
  user.join();
  clear_stop_request();
  const fs::path saved = checkpoints::newest_checkpoint(config.run.dir).value();
  const int64_t step = checkpoints::read_manifest(saved).step;
  CHECK(step > 0);
  config.train.steps = step + 2;
  CHECK(sana_test::run(config) == ExitCode::kOk);
  CHECK(checkpoints::newest_checkpoint(config.run.dir) ==
        sana_test::checkpoint_of(config, step + 2));
}

TEST_CASE("measuring ends when a signal asks to stop", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.data.validation = (folder / "latents").string();
  const train::Datasets datasets = train::build_datasets(config, at::kCPU);
  const auto objective = train::build_objective(config, datasets, at::kCPU, /*load_init=*/false);
  CHECK_NOTHROW(objective->validate());
  install_stop_handlers();
  std::raise(SIGTERM);
  CHECK_THROWS_AS(objective->validate(), Stopped);
  clear_stop_request();
}

TEST_CASE("a checkpoint of another shape is refused with all names in one message", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  sana_test::run(config);
  config.model.num_layers = 3;
  config.model.head_dim = 18;
  const std::string message = sana_test::message_of<UserError>([&] { sana_test::run(config); });
  CHECK(sana_test::contains(message, "step-00000003"));
  CHECK(sana_test::contains(message, "missing"));
  CHECK(sana_test::contains(message, "transformer_blocks.2."));
  CHECK(sana_test::contains(message, "of another shape"));
  CHECK(load_safetensors(sana_test::checkpoint_of(config, 3) / "model.safetensors").size() > 10);
}

TEST_CASE("data that does not fit the model is refused with the key to change", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  sana_test::write_tiny_pixels(folder / "pixels", {});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.model.text_dim = 16;
  CHECK(sana_test::contains(sana_test::message_of<UserError>([&] { sana_test::run(config); }),
                            "set model.text_dim=8"));
  config.model.text_dim = 8;
  config.model.latent_channels = 16;
  CHECK(sana_test::contains(sana_test::message_of<UserError>([&] { sana_test::run(config); }),
                            "set model.latent_channels=4"));
  config.data.videos = (folder / "pixels").string();
  CHECK(sana_test::contains(sana_test::message_of<UserError>([&] { sana_test::run(config); }),
                            "pixels are encoded while training, and vae_checkpoint is empty"));
}

TEST_CASE("a changed batch size begins a new epoch after resuming", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {.samples = 8});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  sana_test::run(config);
  const auto position = [&](int64_t step) {
    const auto json = read_json_file(sana_test::checkpoint_of(config, step) / "trainer.json");
    const auto& videos = json.at("streams").at("videos");
    return std::pair(videos.at("epoch").get<int>(), videos.at("cursor").get<int>());
  };
  CHECK(position(3) == std::pair(0, 3));
  config.data.batch_size = 4;
  config.train.steps = 4;
  sana_test::run(config);
  CHECK(position(4) == std::pair(1, 1));
}

// One step of 4 samples after another, cut in three ways.
void check_cuts_agree(TrainConfig config) {
  config.train.steps = 5;
  // The bias of the keys has no gradient but rounding, which a tiny eps would blow up.
  config.optimizer.eps = 1e-5;
  std::vector<TensorMap> weights;
  std::vector<std::vector<double>> losses;
  for (const int64_t micro_steps : {1, 2, 4}) {
    config.run.dir += "-" + std::to_string(micro_steps);
    config.data.batch_size = 4 / micro_steps;
    config.data.image_batch_size = 4 / micro_steps;
    config.train.accumulation = micro_steps;
    REQUIRE(sana_test::run(config) == ExitCode::kOk);
    weights.push_back(load_safetensors(sana_test::checkpoint_of(config, 5) / "model.safetensors"));
    losses.emplace_back();
    for (const auto& line : sana_test::metrics_of(config)) {
      if (line.contains("grad_norm")) losses.back().push_back(line.at("grad_norm").get<double>());
    }
    REQUIRE(losses.back().size() == 5);
  }
  for (size_t cut = 1; cut < weights.size(); ++cut) {
    for (size_t step = 0; step < 5; ++step) {
      CHECK(losses[cut][step] == sana_test::Approx(losses[0][step]).epsilon(1e-4));
    }
    for (const auto& [name, tensor] : weights[0]) {
      INFO(name);
      CHECK(at::allclose(tensor, weights[cut].at(name), /*rtol=*/1e-3, /*atol=*/2e-5));
    }
  }
}

TEST_CASE("a step of the DiT does not depend on how its batch is cut", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {.samples = 10});
  sana_test::write_tiny_latents(folder / "images",
                                {.samples = 7, .frames = 1, .name = "image", .seed = 2});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  config.data.images = (folder / "images").string();
  config.data.image_every_steps = 2;
  check_cuts_agree(config);
}

TEST_CASE("a step of the VAE does not depend on how its batch is cut", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pixels(folder / "pixels", {.samples = 10});
  check_cuts_agree(sana_test::tiny_vae_config(folder.path()));
}

}  // namespace
