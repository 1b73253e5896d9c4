#include "train/micro_step.h"

#include <ATen/ATen.h>

#include "core/device.h"
#include "core/safetensors.h"
#include "support/catch.h"
#include "support/skip.h"
#include "support/temporary_directory.h"
#include "support/tensors.h"
#include "unit/train/tiny_run.h"

namespace {
using namespace sana;
using sana_test::TemporaryDirectory;
using train::TrainConfig;

// A run with videos and images (two shapes), long enough that both are recorded and replayed.
TrainConfig joint_config(const TemporaryDirectory& folder, bool vae) {
  TrainConfig config =
      vae ? sana_test::tiny_vae_config(folder.path()) : sana_test::tiny_dit_config(folder.path());
  const sana_test::TinyData videos = {.samples = 6};
  const sana_test::TinyData images = {.samples = 6, .frames = 1, .name = "image", .seed = 2};
  const auto write = vae ? sana_test::write_tiny_pixels : sana_test::write_tiny_latents;
  config.data.videos = (folder / "videos").string();
  config.data.images = (folder / "images").string();
  write(config.data.videos, videos);
  write(config.data.images, images);
  config.data.image_every_steps = 3;
  config.train.steps = 12;
  config.train.log_every_steps = 1;
  return config;
}

TrainConfig run_with(TrainConfig config, bool cuda_graphs) {
  config.run.dir += cuda_graphs ? "-recorded" : "-eager";
  config.train.cuda_graphs = cuda_graphs;
  REQUIRE(sana_test::run(config) == ExitCode::kOk);
  return config;
}

}  // namespace

TEST_CASE("on the CPU nothing is recorded", "[train]") {
  const TemporaryDirectory folder;
  TrainConfig config = joint_config(folder, false);
  config.device = "cpu";
  sana_test::check_same_checkpoints(sana_test::checkpoint_of(run_with(config, true), 12),
                                    sana_test::checkpoint_of(run_with(config, false), 12));
}

TEST_CASE("recorded steps train as eager ones do", "[train][gpu]") {
  SANA_SKIP_WITHOUT_GPU();
  const TemporaryDirectory folder;
  const bool vae = GENERATE(false, true);
  TrainConfig config = joint_config(folder, vae);
  config.device = "cuda";
  SECTION("float32") {}
  SECTION("bfloat16, two micro-steps") {
    config.precision = "bfloat16";
    config.train.accumulation = 2;
  }
  const TrainConfig eager = run_with(config, false), recorded = run_with(config, true);
  // Losses of single steps: a replay that did not see its own batch and noise would show here.
  const auto a = sana_test::metrics_of(eager), b = sana_test::metrics_of(recorded);
  REQUIRE(a.size() == b.size());
  const double tolerance = config.precision == "float32" ? 1e-3 : 3e-2;
  for (size_t i = 0; i < a.size(); ++i) {
    const char* name = a[i].contains("loss") && a[i]["loss"].is_number() ? "loss" : "image_loss";
    if (!a[i].contains(name)) continue;
    CHECK(b[i].at(name).get<double>() ==
          sana_test::Approx(a[i].at(name).get<double>()).epsilon(tolerance));
  }
  const TensorMap x = load_safetensors(sana_test::checkpoint_of(eager, 12) / "model.safetensors");
  const TensorMap y =
      load_safetensors(sana_test::checkpoint_of(recorded, 12) / "model.safetensors");
  // Adam moves a weight by at most lr per step, whatever the gradient: where eager kernels differ
  // in the last bit (atomics, choice of algorithm) weights may differ by a few of these.
  for (const auto& [name, tensor] : x) {
    INFO(name);
    CHECK(sana_test::max_difference(tensor, y.at(name)) < 6 * config.optimizer.lr);
  }
}
