// What training needs on the device, without training.
#include "train/training_memory.h"

#include <ATen/ATen.h>

#include "core/device.h"
#include "support/catch.h"
#include "support/skip.h"
#include "support/temporary_directory.h"
#include "train/build.h"
#include "train/traffic.h"
#include "unit/train/tiny_run.h"

namespace {
using namespace sana;
using sana_test::TemporaryDirectory;
using train::TrainConfig;
using train::TrainingMemory;

constexpr int64_t kFloatBytes = 4;

int64_t parameters(const TrainConfig& config) {
  const auto datasets = train::build_datasets(config, at::kMeta);
  const auto objective = train::build_objective(config, datasets, at::kCPU, /*load_init=*/false);
  int64_t count = 0;
  for (const at::Tensor& tensor : objective->module().parameters()) {
    if (tensor.requires_grad()) count += tensor.numel();
  }
  return count;
}

TrainingMemory estimate(const TrainConfig& config) {
  return train::estimate_training(config, train::build_datasets(config, at::kMeta));
}

// Heads that flash attention takes, and enough work that tensors outweigh small change.
TrainConfig larger_dit(const std::filesystem::path& folder) {
  TrainConfig config = sana_test::tiny_dit_config(folder);
  config.model.num_layers = 4;
  config.model.num_heads = 8;
  config.model.head_dim = 64;
  config.model.num_cross_heads = 8;
  config.data.batch_size = 64;
  return config;
}

// The largest figure of a run's metrics against the estimate.
void check_measured(TrainConfig config) {
  config.device = "cuda";
  const double gib = double(estimate(config).peak()) / double(int64_t(1) << 30);
  reset_peak_device_memory(parse_device("cuda"));
  sana_test::run(config);
  double measured = 0;
  std::string by_step;
  for (const auto& line : sana_test::metrics_of(config)) {
    measured = std::max(measured, line.value("mem_gib", 0.0));
    by_step += fmt::format(" {:.2f}", line.value("mem_gib", 0.0));
  }
  INFO("estimated " << gib << " GiB, measured step by step" << by_step);
  CHECK(gib > 0.9 * measured);
  CHECK(gib < 1.1 * measured);
}

}  // namespace

TEST_CASE("the estimate of training names what each owner keeps", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = sana_test::tiny_dit_config(folder.path());
  SECTION("all train") {}
  SECTION("some are frozen") { config.train.freeze = {"conv_temp"}; }
  const int64_t trained = parameters(config) * kFloatBytes;
  const TrainingMemory memory = estimate(config);
  CHECK(memory.gradients == trained);
  CHECK(memory.optimizer == 2 * trained);
  CHECK(memory.average == trained);
  CHECK(memory.activations > 0);
  CHECK(memory.peak() >= memory.lasting() + memory.activations);

  TrainConfig half = config;
  half.precision = "bfloat16";
  half.train.ema_decay.reset();
  const TrainingMemory less = estimate(half);
  CHECK(less.weights == memory.weights + memory.weights / 2);  // the copy
  CHECK(less.gradients == trained);
  CHECK(less.average == 0);
}

TEST_CASE("processes that share a training hold less each, and send what the formula says",
          "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = larger_dit(folder.path());
  config.precision = "bfloat16";
  const auto datasets = train::build_datasets(config, at::kMeta);
  const TrainingMemory one = train::estimate_training(config, datasets);
  const TrainingMemory eight = train::estimate_training(config, datasets, 8);
  CHECK(one.parameters == parameters(config));
  CHECK(eight.optimizer == one.optimizer / 8);
  CHECK(eight.average == one.average / 8);
  // The float32 copy is kept in parts.
  CHECK(one.weights - eight.weights == one.parameters * kFloatBytes * 7 / 8);
  CHECK(eight.gradients == one.parameters * kFloatBytes * 9 / 8);
  CHECK(eight.peak() < one.peak());
  // Gradients in float32 and weights in bfloat16, each but the own eighth.
  CHECK(train::bytes_sent_per_step(config, 800, 0, 8) == 800 * (4 + 2) * 7 / 8);
  config.parallel.shard_optimizer = false;
  CHECK(train::estimate_training(config, datasets, 8).optimizer == one.optimizer);
  CHECK(train::bytes_sent_per_step(config, 800, 0, 8) == 800 * (4 + 4) * 7 / 8);
  config.parallel.reduce_precision = "bfloat16";
  CHECK(train::bytes_sent_per_step(config, 800, 0, 2) == 800 * (2 + 2) / 2);
}

TEST_CASE("larger batches need more activations, checkpointing less", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {});
  TrainConfig config = larger_dit(folder.path());
  config.data.batch_size = 512;
  const TrainingMemory memory = estimate(config);
  TrainConfig other = config;
  other.train.gradient_checkpointing = true;
  CHECK(estimate(other).activations < memory.activations / 2);
  other = config;
  other.data.batch_size *= 2;
  CHECK(estimate(other).activations > 3 * memory.activations / 2);
  CHECK(estimate(other).lasting() == memory.lasting());
  other = config;
  other.train.accumulation = 3;  // the gradients of the step so far stay beside those being made
  CHECK(estimate(other).activations > memory.activations);
}

TEST_CASE("the VAE, too, is estimated, and what measures it on whole clips", "[train]") {
  const TemporaryDirectory folder;
  sana_test::write_tiny_pixels(folder / "pixels", {});
  TrainConfig config = sana_test::tiny_vae_config(folder.path());
  const TrainingMemory memory = estimate(config);
  CHECK(memory.gradients == parameters(config) * kFloatBytes);
  CHECK(memory.activations > 0);
  CHECK(memory.measuring == 0);
  config.data.validation = config.data.videos;
  CHECK(estimate(config).measuring > 0);
}

TEST_CASE("estimates of training agree with the GPU", "[train][gpu]") {
  SANA_SKIP_WITHOUT_GPU();
  const TemporaryDirectory folder;
  sana_test::write_tiny_latents(folder / "latents", {.samples = 4, .frames = 17});
  TrainConfig config = larger_dit(folder.path());
  config.data.batch_size = 256;
  config.model.head_dim = 128;
  SECTION("float32") {}
  SECTION("bfloat16") { config.precision = "bfloat16"; }
  SECTION("bfloat16, recomputed") {
    config.precision = "bfloat16";
    config.train.gradient_checkpointing = true;
  }
  SECTION("bfloat16, heads without a flash kernel") {
    config.precision = "bfloat16";
    config.model.head_dim = 36;
    config.data.batch_size = 1024;  // blocks of the allocator are up to 1 MiB larger than asked for
  }
  SECTION("two micro-steps") { config.train.accumulation = 2; }
  check_measured(config);
}
