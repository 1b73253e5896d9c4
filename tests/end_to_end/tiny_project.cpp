#include "end_to_end/tiny_project.h"

#include "checkpoints/run_folder.h"
#include "unit/train/tiny_run.h"

namespace sana_test {
namespace fs = std::filesystem;
namespace {

constexpr const char* kTrainYaml = R"(task: video_dit
device: cpu
precision: float32
run: {dir: runs/tiny, seed: 3}
model: {latent_channels: 4, num_layers: 2, num_heads: 2, head_dim: 12, num_cross_heads: 2,
        text_dim: 8, mlp_ratio: 2.0}
data:
  videos: latents
  images: image_latents
  image_every_steps: 3
  batch_size: 2
  image_batch_size: 2
  caption_dropout: 0.5
optimizer: {lr: 1.0e-3}
schedule: {warmup_steps: 2}
train: {steps: 4, ema_decay: 0.9, log_every_steps: 1, checkpoint_every_steps: 2}
)";

}  // namespace

TinyProject::TinyProject() {
  write_tiny_latents(path("latents"), {.samples = 5});
  write_tiny_latents(path("image_latents"), {.samples = 3, .frames = 1, .name = "image"});
  folder_.file("train.yaml", kTrainYaml);
}

Outcome TinyProject::run(const std::vector<std::string>& words, int64_t file_size_limit) const {
  return run_program(words, folder_.path(), file_size_limit);
}

std::vector<std::string> TinyProject::train_words(const std::string& run, int64_t steps,
                                                  const std::vector<std::string>& overrides) const {
  std::vector<std::string> words = {"train", "train.yaml", "run.dir=" + run,
                                    "train.steps=" + std::to_string(steps)};
  words.insert(words.end(), overrides.begin(), overrides.end());
  return words;
}

Outcome TinyProject::train(const std::string& run_name, int64_t steps,
                           const std::vector<std::string>& overrides) const {
  return run(train_words(run_name, steps, overrides));
}

fs::path TinyProject::checkpoint(const std::string& run, int64_t step) const {
  return path(run) / sana::checkpoints::checkpoint_name(step);
}

int64_t TinyProject::newest_step(const std::string& run) const {
  const auto newest = sana::checkpoints::newest_checkpoint(path(run));
  return newest ? sana::checkpoints::checkpoint_step(*newest).value() : -1;
}

}  // namespace sana_test
