#include "unit/train/tiny_run.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <fstream>

#include "checkpoints/run_folder.h"
#include "core/config/config.h"
#include "core/files.h"
#include "support/catch.h"
#include "train/train.h"

namespace sana_test {
namespace fs = std::filesystem;
using namespace sana;

train::TrainConfig tiny_dit_config(const fs::path& folder) {
  train::TrainConfig config;
  config.device = "cpu";
  config.run.dir = (folder / "run").string();
  config.run.seed = 3;
  config.model.latent_channels = 4;
  config.model.patch_size = {1, 2, 2};
  config.model.num_layers = 2;
  config.model.num_heads = 2;
  config.model.head_dim = 12;
  config.model.num_cross_heads = 2;
  config.model.text_dim = 8;
  config.model.mlp_ratio = 2.0;
  config.data.videos = (folder / "latents").string();
  config.data.batch_size = 2;
  config.data.image_batch_size = 2;
  config.data.caption_dropout = 0.5;
  config.optimizer.lr = 1e-3;
  config.schedule.warmup_steps = 2;
  config.train.steps = 3;
  config.train.log_every_steps = 1;
  config.train.max_skipped_steps = 5;
  return config;
}

train::TrainConfig tiny_vae_config(const fs::path& folder) {
  train::TrainConfig config = tiny_dit_config(folder);
  config.task = "vae";
  config.vae.base_dim = 4;
  config.vae.latent_channels = 4;
  config.vae.dim_mult = {1, 1, 2, 2};
  config.vae.num_res_blocks = 1;
  config.data.videos = (folder / "pixels").string();
  config.data.crop = {.frames = 5, .height = 16, .width = 16, .flip = true};
  config.train.latent_statistics_samples = 2;
  return config;
}

ExitCode run(const train::TrainConfig& config) {
  // The tensors are so small that threads would spend their time waiting for each other.
  at::set_num_threads(1);
  return train::train(config, config::to_yaml(config));
}

fs::path checkpoint_of(const train::TrainConfig& config, int64_t step) {
  return fs::path(config.run.dir) / checkpoints::checkpoint_name(step);
}

void check_same_checkpoints(const fs::path& a, const fs::path& b) {
  CHECK(read_text_file(a / "trainer.json") == read_text_file(b / "trainer.json"));
  for (const auto& entry : fs::directory_iterator(a)) {
    if (entry.path().extension() != ".safetensors") continue;
    const TensorMap left = load_safetensors(entry.path());
    const TensorMap right = load_safetensors(b / entry.path().filename());
    REQUIRE(left.size() == right.size());
    for (const auto& [name, tensor] : left) {
      INFO(entry.path().filename() << " " << name);
      CHECK(at::equal(tensor, right.at(name)));
    }
  }
}

void check_resume_is_exact(const train::TrainConfig& config) {
  train::TrainConfig whole = config, halves = config;
  whole.run.dir += "-whole";
  whole.train.steps = 6;
  CHECK(run(whole) == ExitCode::kOk);
  halves.run.dir += "-halves";
  halves.train.steps = 3;
  CHECK(run(halves) == ExitCode::kOk);
  halves.train.steps = 6;
  CHECK(run(halves) == ExitCode::kOk);
  check_same_checkpoints(checkpoint_of(whole, 6), checkpoint_of(halves, 6));
  // The comparison can fail: three steps earlier the weights were others.
  const auto file = "model.safetensors";
  const TensorMap before = load_safetensors(checkpoint_of(whole, 3) / file);
  const TensorMap after = load_safetensors(checkpoint_of(whole, 6) / file);
  bool moved = false;
  for (const auto& [name, tensor] : before) moved = moved || !at::equal(tensor, after.at(name));
  CHECK(moved);
}

std::vector<nlohmann::json> metrics_of(const train::TrainConfig& config) {
  std::ifstream file(fs::path(config.run.dir) / "metrics.jsonl");
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace sana_test
